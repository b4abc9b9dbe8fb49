// Does this member's database file take its commits fast enough?
import { unlessMinor } from '../../src/judge/readings/certainty.ts';
import { etcdHome } from '../../src/judge/readings/etcd-home.ts';
import { readLog } from '../../src/judge/readings/component-home.ts';
import { defineRule, fail, pass, undecided } from '../../src/judge/define-rule.ts';
import { nodeOf } from '../../src/judge/readings/etcdctl.ts';
import { describeSeconds, isSlow, quantile, slowerThan } from '../../src/judge/readings/histogram.ts';
import { memberAt } from '../../src/judge/readings/member-fixes.ts';
import { membersOf } from '../../src/judge/readings/member.ts';
import { timedBetween } from '../../src/judge/readings/timed.ts';
import { etcdAccessFlags } from '../../src/judge/readings/voters.ts';
import { say } from '../../src/model/sentence.ts';
import { usesOnlyLocalEtcd } from '../../src/judge/readings/wiring.ts';

export default defineRule({
  id: 'etcd-commit-slow',
  area: 'etcd',
  since: '0.1.0',
  severity: 'warning',
  impact: 'at-risk',
  layer: 1,
  title: 'the database of etcd member {member} is slow: one commit in a hundred takes {p99} or more',
  healthy: 'the etcd databases take their commits fast enough',
  why: 'Reads and writes on {member} wait while a commit holds its database; API servers beside it time out.',
  shows: ['{member}  {count} commits within {seconds} s: {slow} took longer than {bound}, one in a hundred {p99}'],
  folded: 'one commit in a hundred takes {p99}',
  needs: ['etcd.metrics', 'etcd.status', 'etcd.health', 'etcd.client-port', 'etcd.peer-port', 'etcd.members'],
  limits: {
    info: {
      value: 25,
      unit: 'ms for the slowest hundredth',
      source: 'https://etcd.io/docs/v3.6/faq/#what-does-the-etcd-warning-apply-entries-took-too-long-mean',
    },
    warning: {
      value: 250,
      unit: 'ms for the slowest hundredth',
      source: 'etcd contrib/mixin/alerts/alerts.libsonnet: etcdHighCommitDurations',
    },
    enough: {
      value: 20,
      unit: 'commits between two looks at least',
      source: 'convention: an idle cluster of three masters does about 25 in 15 s',
    },
    least: { value: 3, unit: 'slow commits at least', source: 'convention: one or two may be chance' },
  },
  reasons: [],
  subjects: (seen) => membersOf(seen).flatMap((member) => (member.started ? [member.subject] : [])),
  judge: (seen, limits, subject) => {
    const member = memberAt(seen, subject.id);
    if (member === undefined) return undecided(`${subject.name} is no longer known`, etcdAccessFlags);
    const { timed, judgement } = timedBetween(seen, member, 'backendCommit', 'its commits', limits);
    if (timed === undefined) return judgement;
    const { histogram, seconds } = timed;
    const slow = (milliseconds: number): boolean => isSlow(histogram, milliseconds / 1000, limits.least);
    const severity = slow(limits.warning) ? 'warning' : slow(limits.info) ? 'info' : undefined;
    const bound = (severity === 'warning' ? limits.warning : limits.info) / 1000;
    const p99 = describeSeconds(quantile(histogram, 0.99));
    const facts = { member: subject.name, p99, count: histogram.count, seconds, bound: describeSeconds(bound) };
    if (severity !== undefined) return fail({ ...facts, slow: Math.round(slowerThan(histogram, bound)) }, { severity, witness: 'stated' });
    if (histogram.count < limits.enough)
      return undecided(`it committed only ${histogram.count} times within ${seconds} s`, '--deep once more, while it has work');
    return pass(facts);
  },
  explains: [
    {
      to: 'etcd-member-stalls',
      kind: 'causes',
      on: 'member',
      because: 'its health check waits while a commit holds the database',
      when: unlessMinor,
      unproven: true,
    },
    { to: 'etcd-requests-failing', kind: 'causes', on: 'member', because: 'a request waits until the commit is done', unproven: true },
    {
      to: 'etcd-lag',
      kind: 'causes',
      on: 'member',
      because: 'entries are applied no faster than they are committed to the file',
      unproven: true,
    },
    {
      to: 'api-master-unreachable',
      kind: 'causes',
      on: 'node',
      because: 'its checks and requests wait until etcd’s commit is done',
      produces: ['slow', 'unsteady'],
      when: ({ effect }, seen) => usesOnlyLocalEtcd(seen, effect.subject.keys.node),
      unproven: true,
    },
    {
      to: 'api-latency-p99',
      kind: 'causes',
      on: 'node',
      because: 'requests wait until etcd’s commit is done',
      produces: ['storage', 'itself'],
      unproven: true,
    },
  ],
  fixes: ({ subjects }, seen) =>
    subjects.flatMap((subject) => {
      const member = memberAt(seen, subject.id);
      if (member === undefined) return [];
      return [
        {
          do: say('See on {node} whether its disk is slow, or somebody reads everything at once', { node: nodeOf(member) }),
          where: nodeOf(member),
          run: [
            'iostat -x 1 5',
            ...readLog(etcdHome(seen, [member]), {
              minutes: 15,
              filter: 'grep -oE \'apply request took too long.*"request":"[^"]{1,120}\' | tail -5',
            }),
          ],
          risk: 'none' as const,
          needs: [],
          verify: ["curl -s http://localhost:2381/metrics | grep -E '^etcd_disk_backend_commit_duration_seconds_(bucket|count)'"],
        },
      ];
    }),
  avoid: () => ['defragment it now: that stops the member and loads the same disk'],
  reading: ['https://etcd.io/docs/v3.6/op-guide/hardware/#disks', 'https://etcd.io/docs/v3.6/faq/#performance'],
  errors: ['apply request took too long', 'apply entries took too long'],
});
