// How does the lead of etcd leave a member that is too slow for it?
import { shellWord } from '../../../src/judge/shell-word.ts';
import { counterWindow } from '../../../src/judge/readings/counters.ts';
import { nodeOf, shellFor } from '../../../src/judge/readings/etcdctl.ts';
import { between, quantile } from '../../../src/judge/readings/histogram.ts';
import type { MemberEvidence } from '../../../src/judge/readings/member.ts';
import { metricsOf, statusOf } from '../../../src/judge/readings/member-words.ts';
import { countVoters, memberIdOf, quorumWithout } from '../../../src/judge/readings/voters.ts';
import type { Certainty, Fix, Seen } from '../../../src/model/rule.ts';
import { say } from '../../../src/model/sentence.ts';
import type { Member } from '../../../src/model/topology.ts';

/** Empty unless it leads, and another voter is known by its id to be at work and to write faster. */
export function moveLeadAway(seen: Seen<MemberEvidence | 'kube.nodes'>, slow: Member): readonly Fix[] {
  if (!leads(seen, slow)) return [];
  const own = writeTime(seen, slow);
  const others = countVoters(seen).led.filter((one) => one !== slow && memberIdOf(one) !== undefined);
  const [fastest] = others
    .flatMap((member) => {
      const time = writeTime(seen, member);
      return time === undefined ? [] : [{ member, time }];
    })
    .sort((one, other) => one.time - other.time);
  const id = fastest && memberIdOf(fastest.member);
  if (fastest === undefined || id === undefined || own === undefined || fastest.time * 2 > own) return [];
  const shell = shellFor(seen, slow);
  const keeps: Certainty = quorumWithout(seen, []);
  return [
    {
      do: say('Let {other} lead meanwhile, whose disk is faster: one election', { other: nodeOf(fastest.member) }),
      where: shell.where,
      run: [`${shell.etcdctl} move-leader ${shellWord(id)}`],
      risk: 'medium',
      needs: [{ text: 'etcd has a quorum and a leader', met: keeps }],
      verify: [`${shell.etcdctl} endpoint status --cluster -w table   # IS LEADER: ${nodeOf(fastest.member)}`],
    },
  ];
}

function leads(seen: Seen<MemberEvidence>, member: Member): boolean {
  const status = statusOf(seen, member);
  if (status !== undefined) return status.leaderId === status.memberId;
  return metricsOf(seen, member)?.value.isLeader === true;
}

/** Seconds within which 99 of 100 writes to the log were done between two looks. */
function writeTime(seen: Seen<'etcd.metrics'>, member: Member): number | undefined {
  const window = counterWindow(seen, member);
  const histogram = window && between(window.first.walFsync, window.last.walFsync);
  return histogram === undefined || histogram.count === 0 ? undefined : quantile(histogram, 0.99);
}
