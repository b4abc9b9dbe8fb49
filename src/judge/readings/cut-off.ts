// Why would a member that is alive be called cut off from its peers?
import type { Seen } from '../../model/rule.ts';
import { say, type Text } from '../../model/sentence.ts';
import type { Member } from '../../model/topology.ts';
import { anApiServerReadsEtcd } from './etcd-path.ts';
import type { CommandEvidence } from './etcd-flags.ts';
import { electionTakes, leaderlessFor } from './leaderless.ts';
import { type MemberEvidence, type MemberReading, peekMember } from './member.ts';
import { cutOffMembers, linksOf } from './peers.ts';
import { countVoters, namesOf } from './voters.ts';

type Needs = MemberEvidence | CommandEvidence | 'api.ready';

export interface Cut {
  readonly reason: 'leaderless' | 'streams' | 'peer-port' | 'no-votes' | 'unsteady';
  readonly words: Text;
}

/** Undefined when nothing says so; whether it is connected is another question. */
export function whyCutOff(
  seen: Seen<Needs>,
  member: Member,
  reading: MemberReading,
  others: readonly Member[],
  timeouts: number,
): Cut | undefined {
  const led = others.filter((other) => peekMember(seen, other)?.kind === 'led');
  if (reading.kind === 'leaderless' && led.length > 0) {
    return { reason: 'leaderless', words: say('knows no leader, unlike {led}', { led: namesOf(led) }) };
  }
  const links = linksOf(seen, member);
  if (cutOffMembers(seen).includes(member))
    return { reason: 'streams', words: say('has lost its streams with {broken}', { broken: namesOf(links.broken) }) };
  if (votesDoNotArrive(seen, timeouts))
    return { reason: 'no-votes', words: 'elects nobody although every voter is alive: no votes arrive' };
  if (reading.kind === 'led' || links.unknown.length < others.length) return undefined;
  return deadPeerPort(seen, member, others);
}

/**
 * Voters that reach each other elect a leader within two seconds. When every one of them is alive without a leader, for so
 * long that the API servers have given up on etcd, or in look after look, they do not; their counters take minutes to notice
 * dropped packets.
 */
function votesDoNotArrive(seen: Seen<Needs>, timeouts: number): boolean {
  const { voters, leaderless } = countVoters(seen);
  if (leaderless.length < voters.length) return false;
  return anApiServerReadsEtcd(seen) === 'no' || leaderlessFor(seen) >= electionTakes(seen, voters, timeouts);
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
