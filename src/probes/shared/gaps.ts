// Why can we not look, and what would help?
import { joinAddress } from '../../model/address.ts';
import type { Gap, GapKind } from '../../model/evidence.ts';
import { type Subject, subjectKey } from '../../model/subject.ts';
import type { Master, Member, Topology } from '../../model/topology.ts';
import { GapError, type RawTry } from '../../sources/source.ts';
import type { Surroundings } from '../probe.ts';
import { cleanLine } from './text.ts';

export const etcdAccessFlags = '--etcd-cacert, --etcd-cert, --etcd-key';

export function gap(kind: GapKind, detail: string, howToGet: string, through?: string): GapError {
  const known: Gap = { gap: kind, detail: asSentence(detail), howToGet };
  return new GapError(through === undefined ? known : { ...known, through });
}

function asSentence(text: string): string {
  const begun = /^[a-z]+ /.test(text) ? `${text.charAt(0).toUpperCase()}${text.slice(1)}` : text;
  return /[.!?…]$/.test(begun) ? begun : `${begun}.`;
}

/** @throws GapError when the topology no longer knows the subject. */
export function masterOf(subject: Subject, topology: Topology): Pick<Master, 'host' | 'port'> {
  const known = [...topology.masters, ...topology.candidates];
  const master =
    known.find((one) => one.subject.id === subject.id) ??
    known.flatMap(({ doors }) => doors).find(({ host, port }) => joinAddress(host, port) === subject.id);
  if (master === undefined) throw gap('absent', `no address is known for API server ${subject.name}`, '--masters <host:port,…>');
  return master;
}

/** @throws GapError when the topology no longer knows the subject. */
export function memberOf(subject: Subject, topology: Topology): Member {
  const member = topology.members.find((one) => one.subject.id === subject.id);
  if (member === undefined) throw gap('absent', `no address is known for etcd member ${subject.name}`, '--etcd-endpoints <host:port,…>');
  return member;
}

/** Endpoints alone open no way: members want a client certificate. */
export function hasEtcdCertificate({ settings }: Surroundings): boolean {
  return settings.etcd?.certificate !== undefined;
}

/** @throws GapError when no etcd client certificate was given. */
export function needEtcdCertificate(around: Surroundings): void {
  if (hasEtcdCertificate(around)) return;
  throw gap('not-collected', 'no client certificate for etcd was given', etcdAccessFlags);
}

/** Which of the known ways an address belongs to; the address in the kubeconfig where it is no master's own. */
function wayOf(address: string, topology: Topology): Subject | undefined {
  const master = topology.masters.find((one) => one.doors.some(({ host, port }) => joinAddress(host, port) === address));
  return master?.subject ?? topology.entry?.subject;
}

/** `direct` or `through the LB`. */
export function describeWay(address: string, topology: Topology): string {
  return wayOf(address, topology)?.kind === 'apiserver' || topology.entryIsMaster ? 'direct' : 'through the LB';
}

/** What an answer of the Kubernetes API that is not the wanted one means for us; a refusal is nobody's silence. */
export function refusalOf(one: RawTry, what: string, topology: Topology, howToGet: string): GapError {
  const way = wayOf(one.address, topology);
  const through = way && subjectKey(way);
  if (one.answer === undefined) {
    const kind = one.failure?.why === 'timeout' || one.failure?.why === 'hung' ? 'timeout' : 'failed';
    return gap(kind, `${what}: ${cleanLine(one.failure?.detail ?? 'no answer', 200)}`, howToGet, through);
  }
  const { status, body } = one.answer;
  const said = `${what}: the API answered ${status} ${messageOf(body)}`.trim();
  if (status === 401 || status === 403) return gap('denied', said, howToGet);
  if (status === 404) return gap('absent', said, howToGet);
  return gap(status === 504 ? 'timeout' : 'failed', said, howToGet, through);
}

/** The message of a Kubernetes Status object, else the beginning of the body. */
function messageOf(body: string): string {
  const message = /"message":\s*("(?:[^"\\]|\\.)*")/.exec(body)?.[1];
  try {
    return cleanLine(message === undefined ? body : String(JSON.parse(message)), 160);
  } catch {
    return cleanLine(body, 160);
  }
}
