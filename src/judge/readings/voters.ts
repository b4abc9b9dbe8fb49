// Which etcd voters can be counted on, and how many are there?
import type { EtcdMember } from '../../model/etcd.ts';
import type { Certainty, Seen } from '../../model/rule.ts';
import type { Member } from '../../model/topology.ts';
import type { Support } from '../../model/verdict.ts';
import { undecided } from '../define-rule.ts';
import { longestList } from '../topology/members.ts';
import { hexId, type MemberEvidence, type MemberReading, peekMember, quorumOf, votersOf } from './member.ts';
import { metricsOf } from './member-words.ts';

export const etcdAccessFlags = '--etcd-endpoints, --etcd-cacert, --etcd-cert, --etcd-key';

/** Every voter under the heading of what it said. */
export interface Electorate {
  readonly voters: readonly Member[];
  readonly readings: ReadonlyMap<Member, MemberReading | undefined>;
  readonly led: readonly Member[];
  readonly leaderless: readonly Member[];
  readonly listening: readonly Member[];
  /** Nothing answers there, or nothing of this cluster. */
  readonly silent: readonly Member[];
  readonly unstarted: readonly Member[];
  /** Nobody could ask them. */
  readonly unknown: readonly Member[];
  readonly quorum: number;
  /** The quorum if, where no list could be had, every member that is only told of is a voter that never started. */
  readonly quorumAtMost: number;
}

/** @throws MissingEvidence when no member is known at all. */
export function countVoters(seen: Seen<MemberEvidence>): Electorate {
  const voters = votersOf(seen);
  const readings = new Map(voters.map((member) => [member, peekMember(seen, member)]));
  const those = (kind: MemberReading['kind'] | undefined) => voters.filter((member) => readings.get(member)?.kind === kind);
  return {
    voters,
    readings,
    led: those('led'),
    leaderless: those('leaderless'),
    listening: those('listening'),
    silent: [...those('silent'), ...those('foreign')],
    unstarted: those('unstarted'),
    unknown: those(undefined),
    quorum: quorumOf(voters.length),
    quorumAtMost: quorumOf(Math.max(voters.length, memberList(seen) === undefined ? (toldMembers(seen)?.length ?? 0) : 0)),
  };
}

/** The longest list a member gave, never-started members included; undefined where none could be had. */
export function memberList(seen: Seen<'etcd.members'>): readonly EtcdMember[] | undefined {
  return longestList(seen.every('etcd.members'));
}

/**
 * Ids of all members that a member counts, itself and learners included, by its own counters: the longest such list,
 * of those with a leader where there is one. Undefined where no counters could be read.
 */
export function toldMembers(seen: Seen<'etcd.metrics'>): readonly string[] | undefined {
  const counters = seen.topology.members.flatMap((member) => metricsOf(seen, member)?.value ?? []);
  const led = counters.filter((one) => one.hasLeader);
  const told = (led.length > 0 ? led : counters).flatMap(({ memberId, knownPeers }) =>
    memberId === undefined ? [] : [[...new Set([memberId, ...knownPeers])].sort()],
  );
  return told.sort((one, other) => other.length - one.length)[0];
}

/** A member that others count, and that nobody knows more of than its id. */
export interface CountedMember {
  readonly id: string;
  /** Whether any member that tells has a stream to it. */
  readonly connected: boolean;
}

/**
 * Members that stand in the counters of others alone: no port, Pod or node leads to them. None where a list was had, which
 * has their addresses, and where such an id may belong to a member that is known by its address.
 */
export function countedOnly(seen: Seen<'etcd.members' | 'etcd.metrics'>): readonly CountedMember[] {
  const { members } = seen.topology;
  if (memberList(seen) !== undefined || members.some((member) => memberIdOf(member) === undefined)) return [];
  const ids = members.map(memberIdOf);
  const counters = members.flatMap((member) => metricsOf(seen, member)?.value ?? []);
  const strangers = (toldMembers(seen) ?? []).filter((id) => !ids.includes(id));
  return strangers.map((id) => ({ id, connected: counters.some(({ activePeers }) => (activePeers[id] ?? 0) > 0) }));
}

/** The hex id, or undefined while only the address is known. */
export function memberIdOf(member: Member): string | undefined {
  const id = member.subject.keys.member ?? '';
  return hexId.test(id) ? id : undefined;
}

/** What a wide effect rests on: its voters, each with the state that the effect gives it. */
export function supportsOf(members: readonly Member[], state: (member: Member) => Support['state']): readonly Support[] {
  return members.map((member) => ({ name: member.subject.name, keys: member.subject.keys, state: state(member) }));
}

/** Ends the judgement with the first gap that kept us from these members' own words. */
export function couldNotAsk(seen: Seen<MemberEvidence>, members: readonly Member[], detail: string) {
  for (const member of members) seen.get('etcd.metrics', member.subject);
  return undecided(detail, etcdAccessFlags);
}

/** Would the others keep a quorum if these members stopped now? */
export function quorumWithout(seen: Seen<MemberEvidence>, stopped: readonly Member[]): Certainty {
  return keepsQuorum(seen, stopped, (electorate) => electorate.quorumAtMost);
}

/** Would those that stay have a quorum of their own once this member were removed? */
export function quorumAfterRemovalOf(seen: Seen<MemberEvidence>, removed: Member): Certainty {
  return keepsQuorum(seen, [removed], (electorate) => quorumOf(electorate.voters.length - (removed.learner ? 0 : 1)));
}

function keepsQuorum(seen: Seen<MemberEvidence>, without: readonly Member[], quorum: (electorate: Electorate) => number): Certainty {
  const electorate = countVoters(seen);
  const left = (members: readonly Member[]) => members.filter((member) => !without.includes(member)).length;
  if (left(electorate.led) >= quorum(electorate)) return 'yes';
  const atBest = left(electorate.led) + left(electorate.listening) + left(electorate.unknown);
  return atBest < quorum(electorate) ? 'no' : 'unknown';
}

/** m1, m2 */
export function namesOf(members: readonly Member[]): string {
  return members.map((member) => member.subject.name).join(', ');
}
