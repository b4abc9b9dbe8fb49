// Is the number of etcd voters one that tolerates faults?
import { defineRule, fail, pass } from '../../src/judge/define-rule.ts';
import { say } from '../../src/model/sentence.ts';
import { membersOf, quorumOf } from '../../src/judge/readings/member.ts';
import { couldNotAsk, memberList, supportsOf, toldMembers } from '../../src/judge/readings/voters.ts';
import type { Seen } from '../../src/model/rule.ts';
import { clusterSubject } from '../../src/model/subject.ts';
import type { Support } from '../../src/model/verdict.ts';

type Needs = 'etcd.members' | 'etcd.metrics' | 'kube.nodes' | 'kube.control-plane-pods';

interface Count {
  readonly voters: number;
  readonly by: string;
  readonly stated: boolean;
}

export default defineRule({
  id: 'etcd-member-count',
  area: 'etcd',
  since: '0.1.0',
  severity: 'warning',
  impact: 'at-risk',
  layer: 7,
  title: 'etcd has {voters} voters: {words}',
  healthy: 'etcd has an odd number of voters, three to seven',
  why: 'An even number tolerates no more faults than one voter less; fewer than three tolerate none.',
  shows: ['{voters} voters by {by}: a quorum is {quorum}, {tolerated} may fail'],
  folded: '{voters} voters, {words}',
  needs: ['etcd.members', 'etcd.metrics', 'kube.nodes', 'kube.control-plane-pods'],
  limits: {
    fewest: { value: 3, unit: 'voters', source: 'https://etcd.io/docs/v3.6/faq/ (failure tolerance table)' },
    most: { value: 7, unit: 'voters', source: 'https://etcd.io/docs/v3.6/faq/#what-is-maximum-cluster-size' },
  },
  reasons: ['even', 'few', 'many', 'single'],
  subjects: () => [clusterSubject],
  judge: (seen, limits) => {
    const count = countedBy(seen);
    if (count === undefined) return couldNotAsk(seen, membersOf(seen), 'no member told how many members there are');
    const { voters, by } = count;
    const quorum = quorumOf(voters);
    const facts = { voters, by, quorum, tolerated: voters - quorum };
    const witness = count.stated ? 'stated' : 'measured';
    const masters = seen.topology.masters.length;
    if (voters === 1 && masters < 2)
      return fail({ ...facts, words: 'a single one, as its single master' }, { reason: 'single', severity: 'info', witness });
    const supports = supportsFor(seen);
    if (voters < limits.fewest) {
      const severity = masters >= limits.fewest || voters === 2 ? 'warning' : 'info';
      return fail(
        { ...facts, words: say('too few to lose one, for {masters} masters', { masters }) },
        { reason: 'few', severity, witness, supports },
      );
    }
    if (voters % 2 === 0)
      return fail({ ...facts, words: say('no safer than {fewer}', { fewer: voters - 1 }) }, { reason: 'even', witness, supports });
    if (voters > limits.most)
      return fail({ ...facts, words: 'every write waits for more of them' }, { reason: 'many', severity: 'info', witness });
    return pass(facts);
  },
  explains: [
    { to: 'etcd-no-fault-margin', kind: 'causes', on: 'cluster', because: 'the last voter of an even number only raises the quorum' },
  ],
  fixes: ({ facts }) => [
    {
      do: 'See who they are, and which master is missing or which member is too many',
      where: 'here',
      run: ['etcdctl member list -w table', 'kubectl get nodes -l node-role.kubernetes.io/control-plane'],
      risk: 'none',
      needs: [],
      verify: [`etcdctl member list   # an odd number, not ${String(facts['voters'])}`],
    },
  ],
  avoid: () => ['add a member before a dead one is removed'],
  reading: ['https://etcd.io/docs/v3.6/faq/#why-an-odd-number-of-cluster-members'],
});

/** The list tells learners apart; the counters do not. */
function countedBy(seen: Seen<Needs>): Count | undefined {
  const list = memberList(seen);
  if (list !== undefined) return { voters: list.filter((member) => !member.learner).length, by: 'the member list', stated: true };
  const told = toldMembers(seen);
  return told === undefined ? undefined : { voters: told.length, by: 'a member’s counters, learners not told apart', stated: false };
}

/** What makes the number what it is: never-started voters, those that are only told of, and learners that do not count yet. */
function supportsFor(seen: Seen<Needs>): readonly Support[] {
  const known = membersOf(seen);
  const ids = new Set(known.map((member) => member.subject.keys.member));
  const told = memberList(seen) === undefined ? (toldMembers(seen) ?? []) : [];
  return [
    ...supportsOf(known, (member) => (member.started && !member.learner ? 'good' : 'lost')),
    ...told.filter((id) => !ids.has(id)).map((id): Support => ({ name: id, keys: { member: id }, state: 'unknown' })),
  ];
}
