// Did a process stand still while it was looked at, and did its peers meet it like that before?
import type { Seen } from '../../model/rule.ts';
import type { Member } from '../../model/topology.ts';
import { slowerThan } from './histogram.ts';
import { type MemberEvidence, membersOf } from './member.ts';
import { type RoundTrip, roundTripsOf } from './round-trip.ts';

export type StallEvidence = MemberEvidence | 'etcd.clock';

/**
 * Milliseconds until an answer without quorum came in each look, tries that got none included, by the look's number;
 * Infinity where the time was not told and the health check hung. Where it was told, that check waits for the quorum.
 */
function waitsOf(seen: Seen<StallEvidence>, member: Member): ReadonlyMap<number, number> {
  const waits = new Map<number, number>();
  for (const { sample, value } of seen.attempt(() => seen.samples('etcd.clock', member.subject)) ?? [])
    waits.set(sample, value.receivedAt - (value.firstSentAt ?? value.sentAt));
  for (const { sample, value } of seen.attempt(() => seen.samples('etcd.health', member.subject)) ?? []) {
    const isSilent = value.kind === 'failed' && (value.why === 'hung' || value.why === 'timeout');
    if (isSilent && !waits.has(sample)) waits.set(sample, Number.POSITIVE_INFINITY);
  }
  return waits;
}

/** A port-forward waits for the kubelet as well, and what it asks for the quorum. */
export function isAskedItself(seen: Seen<StallEvidence>, member: Member): boolean {
  const clock = seen.peek('etcd.clock', member.subject);
  return clock?.state === 'known' && clock.source !== 'port-forward';
}

export interface Looks {
  readonly all: number;
  /** Milliseconds of the long waits among them; what every member made us wait for is not this one's doing. */
  readonly long: readonly number[];
}

/** @param slow milliseconds */
export function longWaits(seen: Seen<StallEvidence>, member: Member, slow: number): Looks {
  const others = membersOf(seen).flatMap((other) => (other === member || !other.started ? [] : [waitsOf(seen, other)]));
  const own = [...waitsOf(seen, member)];
  const alone = (look: number): boolean => others.some((waits) => (waits.get(look) ?? Number.POSITIVE_INFINITY) < slow / 2);
  return { all: own.length, long: own.flatMap(([look, wait]) => (wait > slow && alone(look) ? [wait] : [])) };
}

/** Seconds of a slow round trip, and how many of them, in number and in percent of all, make a habit. */
export interface Habit {
  readonly trip: number;
  readonly share: number;
  readonly least: number;
}

/**
 * Whether the peers' own probes of it were slow again and again, those of two peers at least, while its probes of them were
 * not and theirs of one another neither: a slow way is as slow in both directions.
 */
export function isMetStandingStill(seen: Seen<StallEvidence>, member: Member, { trip, share, least }: Habit): boolean {
  const isOften = ({ since, recent }: RoundTrip): boolean => {
    const counted = recent !== undefined && recent.count > 1 ? recent : since;
    return slowerThan(counted, trip) >= least && slowerThan(counted, trip) >= (counted.count * share) / 100;
  };
  const trips = seen.shared(allRoundTrips);
  const towards = trips.filter(({ peer }) => peer === member.subject.name);
  return towards.length >= 2 && towards.every(isOften) && !trips.some((one) => !towards.includes(one) && isOften(one));
}

/** The probes of every member that counts them. */
function allRoundTrips(seen: Seen<StallEvidence>): readonly RoundTrip[] {
  return membersOf(seen).flatMap((teller) => seen.attempt(() => roundTripsOf(seen, teller)) ?? []);
}
