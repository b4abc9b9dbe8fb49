// How do all etcd members get the same timers, one member after the other?
import { changeFlags } from '../../../src/judge/plans/change-settings.ts';
import { etcdHome } from '../../../src/judge/readings/etcd-home.ts';
import { type CommandEvidence, defaultTiming, type Timing } from '../../../src/judge/readings/etcd-flags.ts';
import { nodeOf, shellFor } from '../../../src/judge/readings/etcdctl.ts';
import type { MemberEvidence } from '../../../src/judge/readings/member.ts';
import { quorumWithout } from '../../../src/judge/readings/voters.ts';
import type { Fix, Seen } from '../../../src/model/rule.ts';
import { say } from '../../../src/model/sentence.ts';
import type { Member } from '../../../src/model/topology.ts';

/** What most members use; etcd's own defaults where no value has more than another. */
export function commonTiming(timings: readonly Timing[]): Timing {
  const same = (one: Timing, other: Timing): boolean => one.heartbeat === other.heartbeat && one.election === other.election;
  const votes = (one: Timing): number => timings.filter((other) => same(one, other)).length;
  const most = Math.max(0, ...timings.map(votes));
  const leading = timings.filter((one) => votes(one) === most);
  return (
    leading.find((one) => same(one, defaultTiming)) ??
    (leading.every((one) => same(one, leading[0] ?? one)) ? leading[0] : undefined) ??
    defaultTiming
  );
}

/** A heartbeat for each round trip and ten in an election timeout (etcd's tuning page), never below the defaults. */
export function timingFor(roundTripMs: number): Timing {
  const heartbeat = Math.max(defaultTiming.heartbeat, Math.ceil(roundTripMs / 50) * 50);
  return { heartbeat, election: heartbeat * 10 };
}

export function setTiming(
  seen: Seen<MemberEvidence | CommandEvidence | 'kube.nodes'>,
  members: readonly Member[],
  wanted: Timing,
): readonly Fix[] {
  const isDefault = wanted.heartbeat === defaultTiming.heartbeat && wanted.election === defaultTiming.election;
  const flags = isDefault ? [] : [`--heartbeat-interval=${wanted.heartbeat}`, `--election-timeout=${wanted.election}`];
  return members.map((member, index) => {
    const node = nodeOf(member);
    const facts = { node, heartbeat: wanted.heartbeat, election: wanted.election };
    return {
      do:
        index === 0
          ? say('Give {node} a heartbeat of {heartbeat} ms and an election timeout of {election} ms', facts)
          : say('When that member answers again: the same on {node}', { node }),
      where: node,
      ...changeFlags(seen, etcdHome(seen, [member]), { remove: ['heartbeat-interval', 'election-timeout'], add: flags }),
      risk: 'medium' as const,
      needs: [{ text: 'the others keep a quorum while it restarts', met: quorumWithout(seen, [member]) }],
      verify: [`${shellFor(seen, member).etcdctl} endpoint status   # before the next member`],
    };
  });
}
