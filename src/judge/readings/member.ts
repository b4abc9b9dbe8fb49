// What state is one etcd member in, by the best way of looking that there was?
import type { EtcdMetrics, EtcdStatus } from '../../model/etcd.ts';
import type { Failure, FailureClass } from '../../model/network.ts';
import type { Seen } from '../../model/rule.ts';
import type { Member } from '../../model/topology.ts';
import { MissingEvidence } from '../view.ts';

export type MemberEvidence = 'etcd.status' | 'etcd.health' | 'etcd.metrics' | 'etcd.client-port' | 'etcd.peer-port' | 'etcd.members';

/**
 * `led`: says it knows a leader · `leaderless`: says it knows none · `listening`: its port completes TLS, nobody could
 * ask more · `silent`: asked and no answer · `unstarted`: listed, never started.
 */
export type MemberReading =
  | { readonly kind: 'led'; readonly leaderId?: string; readonly by: string }
  | { readonly kind: 'leaderless'; readonly by: string; readonly words: string }
  | { readonly kind: 'listening' }
  | { readonly kind: 'silent'; readonly why: FailureClass; readonly alert?: number; readonly detail: string }
  | { readonly kind: 'unstarted' };

/** Ends the judgement as unknown where no way of looking was open. */
export function readMember(seen: Seen<MemberEvidence>, member: Member): MemberReading {
  if (!member.started) return { kind: 'unstarted' };
  const port = seen.peek('etcd.client-port', member.subject);
  const status = seen.peek('etcd.status', member.subject);
  if (status?.state === 'known' && status.value.kind === 'answered') return fromStatus(status.value, status.source);
  const metrics = metricsOf(seen, member);
  if (metrics !== undefined) return fromMetrics(metrics.value, metrics.by);
  const health = seen.peek('etcd.health', member.subject);
  if (health?.state === 'known' && health.value.kind === 'healthy') return { kind: 'led', by: health.source };
  if (health?.state === 'known' && health.value.kind === 'unhealthy') return fromHealth(health.value.reason, health.source);
  if (port?.state === 'known' && port.value.outcome.kind === 'failed') return silent(port.value.outcome);
  if (status?.state === 'known' && status.value.kind === 'failed') return silent(status.value);
  if (port?.state === 'known') return { kind: 'listening' };
  if (health?.state === 'known' && health.value.kind === 'failed') return silent(health.value);
  // Nothing is known: the view turns this read into the verdict's gap.
  seen.get('etcd.client-port', member.subject);
  throw new MissingEvidence([]);
}

function fromStatus(status: EtcdStatus, by: string): MemberReading {
  if (status.leaderId !== undefined) return { kind: 'led', leaderId: status.leaderId, by };
  return { kind: 'leaderless', by, words: status.errors[0] ?? 'leader 0' };
}

function fromMetrics(metrics: EtcdMetrics, by: string): MemberReading {
  return metrics.hasLeader ? { kind: 'led', by } : { kind: 'leaderless', by, words: 'etcd_server_has_leader 0' };
}

/** A health answer that complains about something else than a leader still has one. */
function fromHealth(reason: string, by: string): MemberReading {
  return /LEADER/i.test(reason) || reason === '' ? { kind: 'leaderless', by, words: reason || 'unhealthy' } : { kind: 'led', by };
}

function silent(failure: Failure): MemberReading {
  const alert = failure.alert === undefined ? {} : { alert: failure.alert };
  return { kind: 'silent', why: failure.why, detail: failure.detail, ...alert };
}

/** The member's own counters, when they could be read. */
export function metricsOf(seen: Seen<'etcd.metrics'>, member: Member): { readonly value: EtcdMetrics; readonly by: string } | undefined {
  const item = seen.peek('etcd.metrics', member.subject);
  return item?.state === 'known' && item.value.kind === 'answered' ? { value: item.value, by: item.source } : undefined;
}

/** The member's own status, when it could be asked with a certificate. */
export function statusOf(seen: Seen<'etcd.status'>, member: Member): EtcdStatus | undefined {
  const item = seen.peek('etcd.status', member.subject);
  return item?.state === 'known' && item.value.kind === 'answered' ? item.value : undefined;
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
  return membersOf(seen).filter((member) => !member.learner);
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
