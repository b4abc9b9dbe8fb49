// Which certificates can be seen, on which machine, in which role, and when do they end?
import { shellWord } from '../shell-word.ts';
import type { EvidenceId } from '../../model/evidence.ts';
import type { CertificateSeen, Knock, Trust, Try } from '../../model/network.ts';
import type { Seen } from '../../model/rule.ts';
import { clusterSubject, type Subject } from '../../model/subject.ts';
import { keysOn, type Topology } from '../../model/topology.ts';
import { mastersOf } from './api-server.ts';
import { fileSets, roleFilesIn } from './certificate-files.ts';
import { ownerOfLeaf } from './entry.ts';
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

/**
 * Every place where a certificate is expected or was seen. A kubelet's counts only where it was seen: nothing checks it
 * by default, so one that nobody saw leaves no question open.
 */
export function certificatePlaces(seen: Seen<CertificateEvidence>): readonly Place[] {
  return seen.shared(findPlaces);
}

function findPlaces(seen: Seen<CertificateEvidence>): readonly Place[] {
  const served = [...apiServers(seen), ...members(seen), ...machinePorts(seen), ...strangers(seen)];
  const files = localFiles(seen);
  const joined = served.map((place) => ({ ...place, leaves: [...place.leaves, ...(files.get(place.subject.id)?.leaves ?? [])] }));
  const taken = new Set(served.map((place) => place.subject.id));
  return [...joined, ...[...files.values()].filter((place) => !taken.has(place.subject.id))];
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
  const places = certificatePlaces(seen);
  const place = places.find((one) => one.subject.id === subject.id);
  if (place !== undefined) return { place, leaves: leavesAt(seen, place), places };
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

export function endOf(certificate: CertificateSeen): number {
  return Date.parse(certificate.notAfter);
}

export function beginOf(certificate: CertificateSeen): number {
  return Date.parse(certificate.notBefore);
}

/** What it was made for, in milliseconds. */
export function lifetimeOf(certificate: CertificateSeen): number {
  return endOf(certificate) - beginOf(certificate);
}

export function placeOf(topology: Topology, node: string, role: string): Subject {
  const id = `${node}/${role}`;
  return { kind: 'file', id, name: node, keys: { ...keysOn(topology, node), file: id } };
}

function apiServers(seen: Seen<CertificateEvidence>): readonly Place[] {
  return seen.topology.masters.map((master) => {
    const item = seen.peek('api.ready', master.subject);
    const tries = item?.state === 'known' ? item.value.tries : [];
    const chains = tries.flatMap((one) => one.chain.slice(0, 1));
    const through = entryLeaves(seen).filter((leaf) => ownerOfLeaf(seen, leaf)?.subject.id === master.subject.id);
    const address = master.subject.id;
    const direct = distinct(chains).map(
      (certificate): Leaf => ({ where: address, served: true, certificate, ...trustIn(tries, certificate) }),
    );
    const entry = entryTries(seen);
    const leaves =
      direct.length > 0
        ? direct
        : through.map((certificate): Leaf => ({ where: 'through the LB', served: true, certificate, ...trustIn(entry, certificate) }));
    const subject = placeOf(seen.topology, master.subject.keys.node ?? address, 'apiserver');
    return { subject, role: 'apiserver', leaves, asked: { id: 'api.ready', subject: master.subject, address } };
  });
}

function members(seen: Seen<CertificateEvidence>): readonly Place[] {
  const started = seen.topology.members.filter((member) => member.started);
  return started.flatMap((member) =>
    (
      [
        ['etcd-server', 'etcd.client-port', member.clientPort],
        ['etcd-peer', 'etcd.peer-port', member.peerPort],
      ] as const
    ).map(([role, id, port]) => {
      const host = member.host.includes(':') ? `[${member.host}]` : member.host;
      const address = `${host}:${port}`;
      const item = seen.peek(id, member.subject);
      const knock: Knock | undefined = item?.state === 'known' ? item.value : undefined;
      const trust = knock?.trust === undefined ? {} : { trust: knock.trust };
      const leaves = (knock?.chain.slice(0, 1) ?? []).map((certificate): Leaf => ({ where: address, served: true, certificate, ...trust }));
      const subject = placeOf(seen.topology, member.subject.keys.node ?? member.host, role);
      return { subject, role, leaves, asked: { id, subject: member.subject, address } };
    }),
  );
}

/** Ports of a machine whose certificate nothing checks by default. */
const unverified = [
  ['node.kubelet-port', 'kubelet-serving', 10250],
  ['node.controller-port', 'controller-manager-serving', 10257],
  ['node.scheduler-port', 'scheduler-serving', 10259],
] as const;

function machinePorts(seen: Seen<CertificateEvidence>): readonly Place[] {
  return seen.topology.machines.flatMap((machine) =>
    unverified.flatMap(([id, role, port]) => {
      const item = seen.peek(id, machine.subject);
      const certificate = item?.state === 'known' ? item.value.chain[0] : undefined;
      if (certificate === undefined) return [];
      const where = `${machine.host ?? machine.subject.id}:${port}`;
      return [{ subject: placeOf(seen.topology, machine.subject.id, role), role, leaves: [{ where, served: true, certificate }] }];
    }),
  );
}

/** Certificates seen through the load balancer that no known master owns. */
function strangers(seen: Seen<CertificateEvidence>): readonly Place[] {
  const lb = seen.topology.entry?.subject.id ?? 'lb';
  const unowned = entryLeaves(seen).filter((leaf) => ownerOfLeaf(seen, leaf) === undefined);
  return unowned.map((certificate) => {
    const id = `${lb}/apiserver/${certificate.sha256.slice(0, 12)}`;
    const subject: Subject = { kind: 'file', id, name: 'LB', keys: { lb, file: id } };
    return { subject, role: 'apiserver', leaves: [{ where: `${lb}, through the LB`, served: true, certificate }] };
  });
}

function entryLeaves(seen: Seen<'lb.tries'>): readonly CertificateSeen[] {
  return distinct(entryTries(seen).flatMap((one) => one.chain.slice(0, 1)));
}

function entryTries(seen: Seen<'lb.tries'>): readonly Try[] {
  const item = seen.peek('lb.tries');
  return item?.state === 'known' ? item.value.tries : [];
}

function trustIn(tries: readonly Try[], certificate: CertificateSeen): Pick<Leaf, 'trust'> {
  const met = tries.find((one) => one.chain[0]?.sha256 === certificate.sha256);
  return met === undefined ? {} : { trust: met.trust };
}

function distinct(certificates: readonly CertificateSeen[]): readonly CertificateSeen[] {
  return [...new Map(certificates.map((one) => [one.sha256, one])).values()].sort((one, other) => (one.sha256 < other.sha256 ? -1 : 1));
}

/** Place id -> what lies in files for it. */
function localFiles(seen: Seen<CertificateEvidence>): ReadonlyMap<string, Place> {
  const found = fileSets(seen).flatMap(roleFilesIn);
  return new Map(
    found.map(({ node, role, files, expected }) => {
      const subject = placeOf(seen.topology, node, role);
      const leaves = files.map(({ path, certificate, modifiedAt, signedBy }): Leaf => {
        const signers = signedBy === undefined ? {} : { signers: { own: signedBy, expected } };
        return { where: path, served: false, certificate, ...signers, ...(modifiedAt !== undefined && { modifiedAt }) };
      });
      return [subject.id, { subject, role, leaves }];
    }),
  );
}

/** Surely past, by whichever of the servers' clocks. */
export function hasEnded(certificate: CertificateSeen, now: ServerNow): boolean {
  return endOf(certificate) < now.low;
}

/** A kubelet that was given no certificate makes one, and an authority `m2-ca@1763712000` that nobody trusts to sign it. */
export function isSelfMade(certificate: CertificateSeen): boolean {
  return certificate.issuer === certificate.subject || /-ca@\d+$/.test(certificate.issuer);
}
