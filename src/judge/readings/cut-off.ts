// Why would a member that is alive be called cut off from its peers?
import type { Seen } from '../../model/rule.ts';
import { say, type Text } from '../../model/sentence.ts';
import type { Member } from '../../model/topology.ts';
import type { CommandEvidence } from './etcd-flags.ts';
import { type ElectionLimits, electionIsOverdue } from './leaderless.ts';
import { type MemberEvidence, type MemberReading, peekMember } from './member.ts';
import { cutOffMembers, linksOf } from './peers.ts';
import { namesOf } from './voters.ts';

type Needs = MemberEvidence | CommandEvidence | 'api.ready' | 'lb.stats';

export interface Cut {
  readonly reason: 'leaderless' | 'streams' | 'peer-port' | 'no-votes' | 'unsteady';
  readonly words: Text;
  /** It rests on timers that nobody read. */
  readonly unsure?: true;
}

/** Undefined when nothing says so; whether it is connected is another question. */
export function whyCutOff(
  seen: Seen<Needs>,
  member: Member,
  reading: MemberReading,
  others: readonly Member[],
  limits: ElectionLimits,
): Cut | undefined {
  const led = others.filter((other) => peekMember(seen, other)?.kind === 'led');
  if (reading.kind === 'leaderless' && led.length > 0) {
    return { reason: 'leaderless', words: say('knows no leader, unlike {led}', { led: namesOf(led) }) };
  }
  const links = linksOf(seen, member);
  if (cutOffMembers(seen).includes(member))
    return { reason: 'streams', words: say('has lost its streams with {broken}', { broken: namesOf(links.broken) }) };
  const noVotes = votesThatDoNotArrive(seen, limits);
  if (noVotes !== undefined) return noVotes;
  if (reading.kind === 'led' || links.unknown.length < others.length) return undefined;
  return deadPeerPort(seen, member, others);
}

/**
 * When every voter is alive without a leader, in look after look or for so long that the API servers have given up on etcd,
 * they do not reach each other; their counters take minutes to notice dropped packets.
 */
function votesThatDoNotArrive(seen: Seen<Needs>, limits: ElectionLimits): Cut | undefined {
  const overdue = electionIsOverdue(seen, limits);
  if (overdue === 'no') return undefined;
  if (overdue === 'surely') return { reason: 'no-votes', words: 'elects nobody although every voter is alive: no votes arrive' };
  const words =
    'elects nobody although every voter is alive: no votes arrive, or its election timeout, not read here, is above the usual 1 s';
  return { reason: 'no-votes', words, unsure: true };
}

/** Our own path to a peer port proves little: it counts only where another peer port and this client port answer us. */
function deadPeerPort(seen: Seen<Needs>, member: Member, others: readonly Member[]): Cut | undefined {
  const own = seen.peek('etcd.peer-port', member.subject);
  const client = seen.peek('etcd.client-port', member.subject);
  if (own?.state !== 'known' || own.value.outcome.kind !== 'failed' || client?.state !== 'known') return undefined;
  const reachable = others.some((other) => {
    const port = seen.peek('etcd.peer-port', other.subject);
    return port?.state === 'known' && port.value.outcome.kind === 'open';
  });
  if (!reachable || client.value.outcome.kind !== 'open') return undefined;
  return { reason: 'peer-port', words: 'its peer port is dead while its client port answers' };
}
