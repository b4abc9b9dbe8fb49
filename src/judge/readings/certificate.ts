// Which certificates can be seen, on which machine, in which role, and when do they end?
import { shellWord } from '../shell-word.ts';
import type { EvidenceId } from '../../model/evidence.ts';
import type { CertificateSeen, Trust } from '../../model/network.ts';
import type { Seen } from '../../model/rule.ts';
import { kept } from '../../model/kept.ts';
import { clusterSubject, type Subject } from '../../model/subject.ts';
import { mastersOf } from './api-server.ts';
import { placesIn } from './certificate-places.ts';
import type { ServerNow } from './host-clock.ts';
import { membersOf } from './member.ts';
import { endBySilence } from './silence.ts';

/** For the rules that judge certificates one by one. */
export const certificateNeeds = [
  'api.ready',
  'lb.tries',
  'etcd.client-port',
  'etcd.peer-port',
  'node.kubelet-port',
  'node.controller-port',
  'node.scheduler-port',
  'here.files',
  'here.kubelet',
  'here.pki',
  'etcd.clock',
  'kube.nodes',
  'kube.control-plane-pods',
] as const satisfies readonly EvidenceId[];

export type CertificateEvidence = (typeof certificateNeeds)[number];

export interface Leaf {
  /** Address that served it, or the path of its file. */
  readonly where: string;
  readonly served: boolean;
  readonly certificate: CertificateSeen;
  /** When the file was last written, by the clock of its machine. */
  readonly modifiedAt?: number;
  /** Of what was served: would a client with the authorities that are known accept it? */
  readonly trust?: Trust;
  /** Of a file: the authorities beside it that signed it, and all there are for its role; by sha256. */
  readonly signers?: { readonly own: readonly string[]; readonly expected: readonly string[] };
}

/** One role on one machine. */
export interface Place {
  readonly subject: Subject;
  readonly role: string;
  readonly leaves: readonly Leaf[];
  /** Where a served certificate would have been seen. */
  readonly asked?: { readonly id: EvidenceId; readonly subject: Subject; readonly address: string };
}

/** Everything that was seen of certificates: it is asked for about each of them again. */
interface Inventory {
  readonly places: readonly Place[];
  /** By the id of the subject. */
  readonly byId: ReadonlyMap<string, Place>;
  /** By the name of the subject. */
  readonly byMachine: ReadonlyMap<string, readonly Place[]>;
}

/**
 * Every place where a certificate is expected or was seen. A kubelet's counts only where it was seen: nothing checks it
 * by default, so one that nobody saw leaves no question open.
 */
export function certificatePlaces(seen: Seen<CertificateEvidence>): readonly Place[] {
  return seen.shared(takeInventory).places;
}

/** Those of one machine, by its name. */
export function placesOn(seen: Seen<CertificateEvidence>, machine: string): readonly Place[] {
  return seen.shared(takeInventory).byMachine.get(machine) ?? [];
}

/** The place that a subject stands for, where it is still known. */
export function placeOfSubject(seen: Seen<CertificateEvidence>, subject: Subject): Place | undefined {
  return seen.shared(takeInventory).byId.get(subject.id);
}

function takeInventory(seen: Seen<CertificateEvidence>): Inventory {
  const places = placesIn(seen);
  const byMachine = new Map<string, Place[]>();
  for (const place of places) {
    const same = byMachine.get(place.subject.name) ?? [];
    byMachine.set(place.subject.name, same);
    same.push(place);
  }
  return { places, byId: new Map(places.map((place) => [place.subject.id, place])), byMachine };
}

/** What can be judged at one place. Its file does not stand in for a served certificate that nobody saw. */
export function leavesAt(seen: Seen<CertificateEvidence>, place: Place): readonly Leaf[] {
  const { asked, leaves } = place;
  if (asked === undefined || leaves.some((leaf) => leaf.served)) return leaves;
  seen.get(asked.id as 'etcd.client-port', asked.subject);
  const look = `echo | openssl s_client -connect ${shellWord(asked.address)} 2>/dev/null | openssl x509 -noout -enddate`;
  return endBySilence(asked.id, asked.subject, `${asked.address} showed no certificate`, look);
}

/** Places to judge, and one subject for those that nobody can name. */
export function certificateSubjects(seen: Seen<CertificateEvidence>): readonly Subject[] {
  return [...certificatePlaces(seen).map((place) => place.subject), ...unnamedPlaces(seen)];
}

/** One place and what can be judged there. @throws MissingEvidence where nobody can say. */
export function lookAt(seen: Seen<CertificateEvidence>, subject: Subject) {
  const place = placeOfSubject(seen, subject);
  if (place !== undefined) return { place, leaves: leavesAt(seen, place), places: certificatePlaces(seen) };
  endUnnamed(seen);
  return endBySilence('api.ready', subject, 'what was seen at first is no longer known', '--masters <host:port,…>');
}

/** A subject for what cannot even be named, so that an empty list never looks like a good one. */
export function unnamedPlaces(seen: Seen<CertificateEvidence>): readonly Subject[] {
  const { masters, members: known, etcd, platform } = seen.topology;
  if (platform.kind === 'managed') return [];
  return masters.length === 0 || (known.length === 0 && etcd !== 'hidden') ? [clusterSubject] : [];
}

/** @throws MissingEvidence always: whose certificates there are is not known. */
export function endUnnamed(seen: Seen<CertificateEvidence>): void {
  mastersOf(seen);
  membersOf(seen);
}

/** Milliseconds since 1970; asked for in every comparison. */
export const endOf = kept(({ notAfter }: CertificateSeen): number => Date.parse(notAfter));

export function beginOf(certificate: CertificateSeen): number {
  return Date.parse(certificate.notBefore);
}

/** What it was made for, in milliseconds. */
export function lifetimeOf(certificate: CertificateSeen): number {
  return endOf(certificate) - beginOf(certificate);
}

/** Milliseconds: a leaf of kubeadm's (constants.CertificateValidityPeriod). */
const usualLifetime = 365 * 86_400_000;

/** By how much time before its end shrinks that is short for one that lives for a year: what was made for days is not about to end because it has days left. */
export function shareOf(lifetime: number): number {
  return Math.min(1, lifetime / usualLifetime);
}

/** Surely past, by whichever of the servers' clocks. */
export function hasEnded(certificate: CertificateSeen, now: ServerNow): boolean {
  return endOf(certificate) < now.low;
}

/** A kubelet that was given no certificate makes one, and an authority `m2-ca@1763712000` that nobody trusts to sign it. */
export function isSelfMade(certificate: CertificateSeen): boolean {
  return certificate.issuer === certificate.subject || /-ca@\d+$/.test(certificate.issuer);
}
