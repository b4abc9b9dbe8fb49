// What did a member's counters do between two looks?
import type { EtcdMetrics } from '../../model/etcd.ts';
import type { Known } from '../../model/evidence.ts';
import type { Seen } from '../../model/rule.ts';
import type { Member } from '../../model/topology.ts';

export interface CounterWindow {
  readonly first: EtcdMetrics;
  readonly last: EtcdMetrics;
  readonly seconds: number;
}

/** The first and the last look at one and the same process; undefined where there are no two. */
export function counterWindow(seen: Seen<'etcd.metrics'>, member: Member): CounterWindow | undefined {
  if (seen.peek('etcd.metrics', member.subject)?.state !== 'known') return undefined;
  const looks = seen.samples('etcd.metrics', member.subject).flatMap((sample) => lookOf(sample) ?? []);
  const last = looks.at(-1);
  const first = looks.find((look) => look.value.processStart === last?.value.processStart);
  if (first === undefined || last === undefined || first === last) return undefined;
  // A counter that fell belongs to a process that began anew without saying when.
  if (last.value.leaderChanges < first.value.leaderChanges || last.value.grpcRequests < first.value.grpcRequests) return undefined;
  return { first: first.value, last: last.value, seconds: Math.max(1, Math.round((last.takenAt - first.takenAt) / 1000)) };
}

function lookOf(sample: Known<'etcd.metrics'>): { readonly value: EtcdMetrics; readonly takenAt: number } | undefined {
  return sample.value.kind === 'answered' ? { value: sample.value, takenAt: sample.takenAt } : undefined;
}

/** Seconds that a member's process has been running by its own clock, or by ours where it told no time. */
export function processAge(seen: Seen<'etcd.clock'>, member: Member, metrics: EtcdMetrics): number | undefined {
  if (metrics.processStart === undefined) return undefined;
  const clock = seen.peek('etcd.clock', member.subject);
  const now = clock?.state === 'known' ? clock.value.serverTime : seen.startedAt;
  const age = now / 1000 - metrics.processStart;
  return age < 0 ? undefined : age;
}
