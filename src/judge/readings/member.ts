// What state is one etcd member in, by the best way of looking that there was?
import { say, type Text } from '../../model/sentence.ts';
import type { EtcdHealth, EtcdMetrics, EtcdStatus } from '../../model/etcd.ts';
import type { Failure, FailureClass } from '../../model/network.ts';
import type { Seen } from '../../model/rule.ts';
import type { Member } from '../../model/topology.ts';
import { MissingEvidence } from '../view.ts';
import { allegiancesOf, isOutvoted } from './allegiance.ts';
import { metricsOf, statusOf } from './member-words.ts';

export type MemberEvidence = 'etcd.status' | 'etcd.health' | 'etcd.metrics' | 'etcd.client-port' | 'etcd.peer-port' | 'etcd.members';

/**
 * `led`: says it knows a leader · `leaderless`: says it knows none · `listening`: its port completes TLS, nobody could
 * ask more · `foreign`: serves another cluster · `silent`: asked and no answer · `unstarted`: listed, never started.
 */
export type MemberReading =
  | { readonly kind: 'led'; readonly leaderId?: string; readonly by: string }
  /** `neverLed`: inferred from its ports, for it says nothing to clients before it has reached a quorum once. */
  | { readonly kind: 'leaderless'; readonly by: string; readonly words: string; readonly neverLed?: true }
  /** `rejects`: it would not talk to the certificate we brought, in one sentence. */
  | { readonly kind: 'listening'; readonly rejects?: string }
  /** Something answers there that is none of the listed members: its data are those of another cluster. */
  | { readonly kind: 'foreign' }
  | { readonly kind: 'silent'; readonly why: FailureClass; readonly alert?: number; readonly detail: string }
  | { readonly kind: 'unstarted' };

/** As etcd prints ids; a member whose id is not known is called by its address. */
export const hexId = /^[0-9a-f]{1,16}$/;

/** TLS alerts by which a server turns down the client's certificate: bad, expired, of an unknown authority, none. */
const alertsAboutUs: readonly number[] = [42, 45, 48, 116];

/** Whether the server ended TLS because of the certificate we brought, or because we brought none. */
export function blamesOurCertificate(failure: Failure): boolean {
  return failure.alert !== undefined && alertsAboutUs.includes(failure.alert);
}

/** Ends the judgement as unknown where no way of looking was open. */
export function readMember(seen: Seen<MemberEvidence>, member: Member): MemberReading {
  if (!member.started) return { kind: 'unstarted' };
  const status = seen.peek('etcd.status', member.subject);
  const metrics = metricsOf(seen, member);
  const isForeign = isStranger(seen, member, statusOf(seen, member)?.memberId ?? metrics?.value.memberId);
  if (isForeign || isOutvoted(allegiancesOf(seen), member)) return { kind: 'foreign' };
  if (status?.state === 'known' && status.value.kind === 'answered') return fromStatus(status.value, status.source);
  if (metrics !== undefined) return fromMetrics(metrics.value, metrics.by);
  const health = seen.peek('etcd.health', member.subject);
  if (health?.state === 'known' && health.value.kind !== 'failed') return fromHealth(health.value, health.source);
  const asked = [status, health].flatMap((item) => (item?.state === 'known' && item.value.kind === 'failed' ? [item.value] : []));
  const turnedDown = asked.find(blamesOurCertificate);
  if (turnedDown !== undefined) return { kind: 'listening', rejects: turnedDown.detail };
  return fromPorts(seen, member, asked);
}

/** Whether what answers at a listed member's address has an id that no listed member has. */
function isStranger(seen: Seen, member: Member, id: string | undefined): boolean {
  if (member.outsider === true) return true;
  if (id === undefined || member.origin !== 'listed' || !hexId.test(member.subject.keys.member ?? '')) return false;
  return !seen.topology.members.some((one) => one.subject.keys.member === id);
}

/** The silence that clients meet at a listed address where a process of another cluster runs, waiting for members who turn it away. */
export function silenceOfForeign(seen: Seen<MemberEvidence>, member: Member): Extract<MemberReading, { kind: 'silent' }> | undefined {
  const port = seen.peek('etcd.client-port', member.subject);
  if (member.outsider === true || port?.state !== 'known' || port.value.outcome.kind !== 'failed') return undefined;
  return silent(port.value.outcome);
}

/** What is left when the member said nothing about itself. */
function fromPorts(seen: Seen<MemberEvidence>, member: Member, asked: readonly Failure[]): MemberReading {
  const port = seen.peek('etcd.client-port', member.subject);
  if (port?.state === 'known' && port.value.outcome.kind === 'failed') {
    return waitsForQuorum(seen, member, port.value.outcome) ?? silent(port.value.outcome);
  }
  const [status] = asked;
  if (status !== undefined && seen.peek('etcd.status', member.subject)?.state === 'known') return silent(status);
  if (port?.state === 'known') return { kind: 'listening' };
  if (status !== undefined) return silent(status);
  // Nothing is known: the view turns this read into the verdict's gap.
  seen.get('etcd.client-port', member.subject);
  throw new MissingEvidence([]);
}

/** A process that was started and has not reached a quorum yet speaks to its peers and to no client (seen on etcd 3.6). */
function waitsForQuorum(seen: Seen<MemberEvidence>, member: Member, failure: Failure): MemberReading | undefined {
  if (failure.why !== 'hung') return undefined;
  const peer = seen.peek('etcd.peer-port', member.subject);
  if (peer?.state !== 'known' || peer.value.outcome.kind !== 'open') return undefined;
  return { kind: 'leaderless', by: peer.source, words: 'serves its peers only: no quorum since it was started', neverLed: true };
}

function fromStatus(status: EtcdStatus, by: string): MemberReading {
  if (status.leaderId !== undefined) return { kind: 'led', leaderId: status.leaderId, by };
  return { kind: 'leaderless', by, words: status.errors.find((error) => /leader/.test(error)) ?? 'leader 0' };
}

function fromMetrics(metrics: EtcdMetrics, by: string): MemberReading {
  return metrics.hasLeader ? { kind: 'led', by } : { kind: 'leaderless', by, words: 'etcd_server_has_leader 0' };
}

/** etcd checks alarms first, then the leader, then a read: an alarm hides whether there is a leader. */
function fromHealth(health: Exclude<EtcdHealth, Failure>, by: string): MemberReading {
  if (health.kind === 'healthy') return { kind: 'led', by };
  if (/^ALARM/.test(health.reason)) return { kind: 'listening' };
  if (/LEADER/i.test(health.reason) || health.reason === '') return { kind: 'leaderless', by, words: health.reason || 'unhealthy' };
  return { kind: 'led', by };
}

function silent(failure: Failure): Extract<MemberReading, { kind: 'silent' }> {
  const alert = failure.alert === undefined ? {} : { alert: failure.alert };
  return { kind: 'silent', why: failure.why, detail: failure.detail, ...alert };
}

/** The reading, or undefined where nobody could look. */
export function peekMember(seen: Seen<MemberEvidence>, member: Member): MemberReading | undefined {
  return seen.attempt(() => readMember(seen, member));
}

/** A few words for a person. */
export function describeMember(reading: MemberReading | undefined): Text {
  if (reading === undefined) return 'could not be asked';
  if (reading.kind === 'leaderless') return say('alive, says "{words}"', { words: reading.words });
  if (reading.kind === 'silent') return describeSilence(reading);
  if (reading.kind === 'foreign') return 'serves another etcd cluster';
  return { led: 'alive and knows a leader', listening: 'its port answers', unstarted: 'was added but never started' }[reading.kind];
}

/** What its silence looked like. */
export function describeSilence({ why, alert, detail }: Extract<MemberReading, { kind: 'silent' }>): Text {
  const words: Partial<Record<FailureClass, string>> = {
    refused: 'connection refused',
    timeout: 'no answer to a connection',
    hung: 'accepts a connection, then says nothing',
    closed: 'closes the connection before TLS',
    reset: 'resets the connection',
    unreachable: 'no route to it',
    dns: 'its name cannot be resolved',
  };
  if (why === 'tls' && alert !== undefined) return say('ends TLS with alert {alert}', { alert });
  return words[why] ?? detail;
}

/** Whether the process runs and answers something. */
export function isAlive(reading: MemberReading): boolean {
  return reading.kind === 'led' || reading.kind === 'leaderless' || reading.kind === 'listening';
}

/** floor(n/2)+1 of the voters (etcd FAQ). */
export function quorumOf(voters: number): number {
  return Math.floor(voters / 2) + 1;
}

/** Members that vote, never-started ones included. @throws MissingEvidence when no member is known at all. */
export function votersOf(seen: Seen): readonly Member[] {
  return membersOf(seen).filter((member) => !member.learner && member.outsider !== true);
}

/** All known members. @throws MissingEvidence when not one is known. */
export function membersOf(seen: Seen): readonly Member[] {
  if (seen.topology.members.length > 0) return seen.topology.members;
  const why = seen.peek('kube.control-plane-pods');
  const through = why?.state === 'missing' && why.through !== undefined ? { through: why.through } : {};
  throw new MissingEvidence([
    {
      gap: 'not-collected',
      detail: 'no etcd member is known by its address',
      howToGet: '--etcd-endpoints, --etcd-cacert, --etcd-cert, --etcd-key',
      id: 'etcd.client-port',
      subject: 'cluster/cluster',
      ...through,
    },
  ]);
}
