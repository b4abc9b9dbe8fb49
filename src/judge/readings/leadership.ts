// Is one member fit to lead etcd, and to follow whoever does?
import type { Seen } from '../../model/rule.ts';
import type { Member } from '../../model/topology.ts';
import type { Support } from '../../model/verdict.ts';
import { counterWindow } from './counters.ts';
import { defaultTiming } from './etcd-flags.ts';
import { type MemberEvidence, peekMember } from './member.ts';
import { isSlowTrip, roundTripsOf, tripLimits } from './round-trip.ts';
import { lateBetween } from './timed.ts';

const { elections, least, settled } = tripLimits;

/** Lost to the leadership: it is away, knows no leader, sends heartbeats late, or is too far away for them. */
export function leadership(seen: Seen<MemberEvidence>, member: Member): Support['state'] {
  const kind = peekMember(seen, member)?.kind;
  if (kind === 'silent' || kind === 'leaderless') return 'lost';
  const window = counterWindow(seen, member);
  if (window !== undefined && lateBetween(window) > 0) return 'lost';
  const bearable = defaultTiming.election / elections.value / 1000;
  if (roundTripsOf(seen, member)?.some((trip) => isSlowTrip(trip, bearable, { least: least.value, settled: settled.value }))) return 'lost';
  return kind === 'led' ? 'good' : 'unknown';
}
