// Can the etcd members that are alive reach each other?
import type { Seen } from '../../model/rule.ts';
import type { Member } from '../../model/topology.ts';
import { type MemberEvidence, isAlive, peekMember } from './member.ts';
import { metricsOf } from './member-words.ts';
import { memberIdOf } from './voters.ts';

/** By the counters of either side; a stream that one side misses is broken. */
export function linkBetween(seen: Seen<'etcd.metrics'>, one: Member, other: Member): 'up' | 'broken' | 'unknown' {
  const views = [viewFrom(seen, one, other), viewFrom(seen, other, one)];
  if (views.includes('broken')) return 'broken';
  return views.includes('up') ? 'up' : 'unknown';
}

/** A peer that never was connected has no counter of its own. */
function viewFrom(seen: Seen<'etcd.metrics'>, from: Member, to: Member): 'up' | 'broken' | 'unknown' {
  const id = memberIdOf(to);
  const counters = metricsOf(seen, from)?.value;
  if (id === undefined || counters === undefined) return 'unknown';
  const active = counters.activePeers[id];
  if (active === undefined) return counters.knownPeers.includes(id) ? 'broken' : 'unknown';
  return active > 0 ? 'up' : 'broken';
}

export interface Links {
  readonly up: readonly Member[];
  readonly broken: readonly Member[];
  readonly unknown: readonly Member[];
}

/** The links of one member to those of the others that are alive. A dead one has none, and that is its own fault. */
export function linksOf(seen: Seen<MemberEvidence>, member: Member): Links {
  const others = aliveMembers(seen).filter((other) => other !== member);
  const those = (state: 'up' | 'broken' | 'unknown') => others.filter((other) => linkBetween(seen, member, other) === state);
  return { up: those('up'), broken: those('broken'), unknown: those('unknown') };
}

export function aliveMembers(seen: Seen<MemberEvidence>): readonly Member[] {
  return seen.topology.members.filter((member) => {
    const reading = peekMember(seen, member);
    return reading !== undefined && isAlive(reading);
  });
}

/**
 * Members that the broken links are about. Where nobody follows a leader, every end of a broken link. Else first those
 * without a leader, for they say so themselves; then those with the most broken links, and again without those, so that
 * both ends of a single broken link count while the healthy end of an isolated member's link does not.
 */
export function cutOffMembers(seen: Seen<MemberEvidence>): readonly Member[] {
  const alive = aliveMembers(seen);
  const isLed = (member: Member) => peekMember(seen, member)?.kind === 'led';
  if (!alive.some(isLed)) return alive.filter((member) => linksOf(seen, member).broken.length > 0);
  const cutOff = alive.filter((member) => peekMember(seen, member)?.kind === 'leaderless');
  for (;;) {
    const left = alive.filter((member) => !cutOff.includes(member));
    const count = (member: Member) => left.filter((other) => other !== member && linkBetween(seen, member, other) === 'broken').length;
    const most = Math.max(0, ...left.map(count));
    if (most === 0) return cutOff;
    cutOff.push(...left.filter((member) => count(member) === most));
  }
}
