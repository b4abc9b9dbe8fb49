// How long do two etcd members take to reach each other and come back?
import type { Histogram } from '../../model/histogram.ts';
import type { Seen } from '../../model/rule.ts';
import type { Member } from '../../model/topology.ts';
import { counterWindow } from './counters.ts';
import { between, isSlow, quantile, slowerThan } from './histogram.ts';
import { type MemberEvidence, type MemberReading, peekMember } from './member.ts';
import { metricsOf } from './member-words.ts';
import { memberIdOf } from './voters.ts';

/** One member's probes of one peer; etcd sends one or two a minute. */
export interface RoundTrip {
  readonly peer: string;
  readonly since: Histogram;
  /** Those between two looks, often none. */
  readonly recent?: Histogram;
}

/** To peers that answer for this cluster and are connected: of one that is gone etcd goes on counting the last time it was reached. */
export function roundTripsOf(seen: Seen<MemberEvidence>, member: Member): readonly RoundTrip[] | undefined {
  const counters = metricsOf(seen, member)?.value;
  const since = counters?.peerRoundTrip;
  if (since === undefined) return undefined;
  const window = counterWindow(seen, member);
  const silent = seen.topology.members.filter((other) => isGone(peekMember(seen, other)));
  return Object.entries(since).flatMap(([id, histogram]) => {
    if (counters?.activePeers[id] === 0) return [];
    const peer = seen.topology.members.find((other) => memberIdOf(other) === id);
    if (peer === undefined ? silent.some((other) => memberIdOf(other) === undefined) : silent.includes(peer)) return [];
    const recent = window && between(window.first.peerRoundTrip?.[id], window.last.peerRoundTrip?.[id]);
    return [{ peer: peer?.subject.name ?? id, since: histogram, ...(recent !== undefined && recent.count > 0 && { recent }) }];
  });
}

function isGone(reading: MemberReading | undefined): boolean {
  return reading?.kind === 'silent' || reading?.kind === 'foreign';
}

/** Which distance an election bears, and how many round trips tell it. */
export const tripLimits = {
  elections: { value: 10, unit: 'round trips in an election timeout', source: 'https://etcd.io/docs/v3.6/tuning/#time-parameters' },
  least: {
    value: 3,
    unit: 'slow round trips at least',
    source: 'convention: one or two may be chance, and etcd makes only one or two a minute',
  },
  settled: {
    value: 60,
    unit: 'round trips since the member’s start, unless enough were seen between two looks',
    source: 'lab: of the first ten most are slow, while everything starts at once',
  },
} as const;

/** In probes: how many must be slow, and how many make a process's own history tell. */
export type TripLimits = Readonly<Record<'least' | 'settled', number>>;

/**
 * A distance is much the same at each probe: slow are all probes between two looks, and not for the first time, or where
 * there were none more than half of those since the process began. What was slow at its start alone, or now and then while
 * a machine was busy, is no distance.
 */
export function isSlowTrip({ since, recent }: RoundTrip, seconds: number, limits: TripLimits): boolean {
  const ever = slowerThan(since, seconds);
  // The first probes are made while everything starts at once, and tell more about that than about the network.
  if (since.count < limits.settled && (recent?.count ?? 0) < limits.least) return false;
  if (recent === undefined) return ever >= limits.least && ever > since.count / 2;
  return ever >= limits.least && slowerThan(recent, seconds) >= recent.count;
}

/** Slow more often than one time in a hundred, which may be long ago. */
export function mayBeSlow({ since, recent }: RoundTrip, seconds: number, limits: TripLimits): boolean {
  return recent === undefined && since.count >= limits.settled && isSlow(since, seconds, limits.least);
}

/** Seconds that the slowest hundredth takes, the latest probes before older ones. */
export function slowestOf({ since, recent }: RoundTrip): number {
  return quantile(recent ?? since, 0.99);
}
