// Could etcd lose one more voter and still accept writes?
import { defineRule, fail, notApplicable, pass } from '../../src/judge/define-rule.ts';
import { say } from '../../src/model/sentence.ts';
import { mayBeOurPath, type PathEvidence, peersHaveLost, refusesOthersOnly, whyOnlyOurPath } from '../../src/judge/readings/etcd-path.ts';
import { type HostEvidence, onlyTheEntryAnswers, othersHaveLost } from '../../src/judge/readings/host.ts';
import { shellFor } from '../../src/judge/readings/etcdctl.ts';
import { describeMember, quorumOf } from '../../src/judge/readings/member.ts';
import {
  type CountedMember,
  couldNotAsk,
  countedOnly,
  countVoters,
  type Electorate,
  memberList,
  namesOf,
  supportsOf,
  toldMembers,
} from '../../src/judge/readings/voters.ts';
import type { Fix, Seen } from '../../src/model/rule.ts';
import type { Member } from '../../src/model/topology.ts';
import { clusterSubject } from '../../src/model/subject.ts';
import type { Support } from '../../src/model/verdict.ts';

export default defineRule({
  id: 'etcd-no-fault-margin',
  area: 'etcd',
  since: '0.1.0',
  severity: 'warning',
  impact: 'at-risk',
  layer: 2,
  title: 'etcd cannot lose another voter: {usable} of {voters} work, {quorum} are needed',
  healthy: 'etcd can lose a voter and still accept writes',
  why: 'The next voter that stops, for a fault or for maintenance, stops every write of the cluster.',
  shows: ['each members: {name}  {words}'],
  folded: '{usable} of {voters} work, {quorum} needed',
  needs: [
    'etcd.members',
    'etcd.status',
    'etcd.health',
    'etcd.metrics',
    'etcd.client-port',
    'etcd.peer-port',
    'api.ready',
    'kube.control-plane-pods',
    'lb.stats',
    'lb.envoy',
    'lb.tries',
    'kube.nodes',
    'kube.node-leases',
    'node.kubelet-port',
  ],
  limits: {
    margin: { value: 1, unit: 'voters above the quorum at least', source: 'https://etcd.io/docs/v3.6/faq/ (failure tolerance)' },
    voters: { value: 3, unit: 'voters from which a margin is expected', source: 'https://etcd.io/docs/v3.6/faq/ (failure tolerance)' },
  },
  reasons: [],
  subjects: () => [clusterSubject],
  judge: (seen, limits) => {
    const electorate = countVoters(seen);
    const { voters, led, leaderless, listening, unknown, quorum } = electorate;
    const counted = countedOnly(seen);
    if (voters.length + counted.length < limits.voters)
      return notApplicable(`${voters.length} voters never have a margin: their number is judged elsewhere`);
    // Below the quorum, or without a leader, there is no margin either; what is worse folds this.
    const refusing = electorate.silent.filter((member) => refusesOthersOnly(seen, member));
    const usable = led.length + listening.length + refusing.length;
    const hidden = electorate.silent.filter((member) => !refusing.includes(member) && isHidden(seen, member));
    const atBest = usable + unknown.length + hidden.length;
    // Counters do not tell learners apart: what is counted only takes the margin where it does so as a voter and as none.
    const there = counted.filter((member) => member.connected).length;
    const asVoters = atBest + there - quorumOf(voters.length + counted.length);
    const leaderlessNow = led.length === 0 && leaderless.length > 0;
    if (leaderlessNow || Math.max(atBest - quorum, asVoters) < limits.margin)
      return fail(factsOf(electorate, [...led, ...listening, ...refusing], counted), {
        witness: 'agreed',
        supports: supportsFor(electorate, [...led, ...listening, ...refusing], counted),
      });
    if (usable - electorate.quorumAtMost < limits.margin || !countIsKnown(seen)) {
      return couldNotAsk(seen, [...unknown, ...listening], 'nobody could say how many members were added to etcd, or how all of them are');
    }
    return pass({ usable, voters: voters.length, quorum });
  },
  explains: [
    {
      to: 'etcd-leader-changes',
      kind: 'worsens',
      on: 'cluster',
      because: 'without a voter to spare each election needs every one that is left',
      unproven: true,
    },
    {
      to: 'etcd-alarm-nospace',
      kind: 'worsens',
      on: 'cluster',
      because: 'a member that is defragmented stands still, and none can be spared',
      unproven: true,
    },
    {
      to: 'etcd-db-near-quota',
      kind: 'worsens',
      on: 'cluster',
      because: 'a member that is defragmented stands still, and none can be spared',
      unproven: true,
    },
  ],
  fixes: ({ facts }, seen) => [
    ...seeWhoIsCounted(seen),
    {
      do: say('Bring back what is missing first: {missing}', { missing: String(facts['missing']) }),
      where: 'here',
      run: ['kubectl ha-doctor --only etcd'],
      risk: 'none',
      needs: [],
      verify: [],
    },
  ],
  avoid: ({ facts }) => [
    say('restart, defragment or drain {working}: each is needed for the quorum', { working: String(facts['working']) }),
  ],
  reading: ['https://etcd.io/docs/v3.6/faq/#what-is-failure-tolerance'],
});

/** Silent to us, and perhaps to nobody else. */
function isHidden(seen: Seen<PathEvidence | HostEvidence>, member: Member): boolean {
  if (peersHaveLost(seen, member)) return false;
  // What others miss on that machine may be its kubelet alone: it counts only where our own silence counts.
  if (onlyTheEntryAnswers(seen)) return true;
  if (othersHaveLost(seen, member.subject.keys.node)) return false;
  return whyOnlyOurPath(seen, member) !== undefined || mayBeOurPath(seen, member);
}

/** Members told of but not listed would raise the quorum, so a margin is only proved where somebody counted them. */
function countIsKnown(seen: Seen<'etcd.members' | 'etcd.metrics'>): boolean {
  return memberList(seen) !== undefined || toldMembers(seen) !== undefined;
}

function factsOf({ voters, readings }: Electorate, working: readonly Member[], counted: readonly CountedMember[]) {
  const idle = voters.filter((member) => !working.includes(member)).map((member) => member.subject.name);
  const lost = counted.filter((member) => !member.connected).map((member) => member.id);
  const all = voters.length + counted.length;
  return {
    usable: working.length + counted.length - lost.length,
    voters: all,
    quorum: quorumOf(all),
    working: namesOf(working),
    missing: [...idle, ...lost].join(', ') || 'one more voter',
    members: [
      ...voters.map((member) => ({ name: member.subject.name, words: describeMember(readings.get(member)) })),
      ...counted.map(({ id, connected }) => ({ name: id, words: connected ? 'others are connected to it' : strangerWords })),
    ],
  };
}

const strangerWords = 'counted by the others, which have no connection to it; no node is known to run it';

/** The list has the address of a member that is only counted, and so tells whether a node should run it. */
function seeWhoIsCounted(seen: Seen): readonly Fix[] {
  const [helper] = countVoters(seen).led;
  if (helper === undefined || !countedOnly(seen).some((member) => !member.connected)) return [];
  const { where, etcdctl } = shellFor(seen, helper);
  return [
    {
      do: 'See in the list whose member that is, and whether its machine is to come back',
      where,
      run: [`${etcdctl} member list -w table`],
      risk: 'none',
      needs: [],
      verify: [],
    },
  ];
}

/** A member cut off from the leader is alive and yet of no use to the quorum. */
function supportsFor({ voters, unknown }: Electorate, working: readonly Member[], counted: readonly CountedMember[]): readonly Support[] {
  const known = supportsOf(voters, (member) => {
    if (working.includes(member)) return 'good';
    return unknown.includes(member) ? 'unknown' : 'lost';
  });
  return [
    ...known,
    ...counted.map(({ id, connected }): Support => ({ name: id, keys: { member: id }, state: connected ? 'good' : 'lost' })),
  ];
}
