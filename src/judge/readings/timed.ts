// What did one member's timers measure between two looks, and what may be said where there was only one?
import type { EtcdMetrics } from '../../model/etcd.ts';
import type { Histogram } from '../../model/histogram.ts';
import type { Seen } from '../../model/rule.ts';
import type { Member } from '../../model/topology.ts';
import { notApplicable, notSampled, suspected, undecided } from '../define-rule.ts';
import { counterWindow } from './counters.ts';
import { between, isSlow } from './histogram.ts';
import { type MemberEvidence, readMember } from './member.ts';
import { metricsOf } from './member-words.ts';
import { couldNotAsk } from './voters.ts';

export interface Timed {
  readonly histogram: Histogram;
  readonly seconds: number;
  /** Heartbeats it sent late meanwhile. */
  readonly late: number;
}

/** The member's counters, or the judgement to give where they could not be read. */
export function countersOf(seen: Seen<MemberEvidence>, member: Member) {
  if (readMember(seen, member).kind === 'silent') return { judgement: notApplicable('it does not answer') };
  const metrics = metricsOf(seen, member)?.value;
  return metrics === undefined ? { judgement: couldNotAsk(seen, [member], 'its counters could not be read') } : { metrics };
}

/** The verdict where a recording or a version of etcd lacks one counter. */
export function notCounted(what: string) {
  return undecided(`its counters say nothing about ${what}`, 'run ha-doctor again');
}

/** From when on a total since the process began is reason enough to look again: milliseconds, and how many slow ones. */
export interface Suspicion {
  readonly warning: number;
  readonly least: number;
}

/** What was timed between two looks, or the judgement to give instead. */
export function timedBetween(
  seen: Seen<MemberEvidence>,
  member: Member,
  which: 'walFsync' | 'backendCommit',
  what: string,
  bad: Suspicion,
) {
  const { metrics, judgement } = countersOf(seen, member);
  if (metrics === undefined) return { judgement };
  if (metrics[which] === undefined) return { judgement: notCounted(what) };
  const window = counterWindow(seen, member);
  const histogram = window && between(window.first[which], window.last[which]);
  if (window === undefined || histogram === undefined) {
    const looksBad = isSlow(metrics[which], bad.warning / 1000, bad.least);
    return {
      judgement: looksBad ? suspected(`of all ${what} since its start too many were slow; one look cannot tell when`) : notSampled(),
    };
  }
  return { timed: { histogram, seconds: window.seconds, late: lateBetween(window) } satisfies Timed };
}

export function lateBetween({ first, last }: { readonly first: EtcdMetrics; readonly last: EtcdMetrics }): number {
  return Math.max(0, (last.lateHeartbeats ?? 0) - (first.lateHeartbeats ?? 0));
}
