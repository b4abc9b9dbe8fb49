// Does the leader send its heartbeats in time?
import { etcdHome } from '../../src/judge/readings/etcd-home.ts';
import { readLog } from '../../src/judge/readings/component-home.ts';
import { defineRule, fail, notSampled, pass, undecided } from '../../src/judge/define-rule.ts';
import { counterWindow } from '../../src/judge/readings/counters.ts';
import { nodeOf } from '../../src/judge/readings/etcdctl.ts';
import { findThrottled, memberAt } from '../../src/judge/readings/member-fixes.ts';
import { membersOf } from '../../src/judge/readings/member.ts';
import { countersOf, lateBetween, notCounted } from '../../src/judge/readings/timed.ts';
import { etcdAccessFlags } from '../../src/judge/readings/voters.ts';
import { say } from '../../src/model/sentence.ts';
import { moveLeadAway } from './plans/move-lead.ts';

export default defineRule({
  id: 'etcd-heartbeat-late',
  area: 'etcd',
  since: '0.1.0',
  severity: 'warning',
  impact: 'at-risk',
  layer: 1,
  title: 'etcd member {member} sent {late} heartbeats late within {seconds} s',
  healthy: 'the etcd leader sends its heartbeats in time',
  why: 'Followers that wait for an election timeout in vain vote {member} out, and every write waits meanwhile.',
  shows: ['{member}  {late} heartbeats late within {seconds} s'],
  folded: '{late} heartbeats late within {seconds} s',
  needs: ['etcd.metrics', 'etcd.status', 'etcd.health', 'etcd.client-port', 'etcd.peer-port', 'etcd.members'],
  limits: {
    late: {
      value: 5,
      unit: 'late heartbeats between two looks',
      source: 'convention: a single short pause counts once for each follower, of which there are two or four',
    },
  },
  reasons: [],
  subjects: (seen) => membersOf(seen).flatMap((member) => (member.started ? [member.subject] : [])),
  judge: (seen, limits, subject) => {
    const member = memberAt(seen, subject.id);
    if (member === undefined) return undecided(`${subject.name} is no longer known`, etcdAccessFlags);
    const { metrics, judgement } = countersOf(seen, member);
    if (metrics === undefined) return judgement;
    if (metrics.lateHeartbeats === undefined) return notCounted('its heartbeats');
    const window = counterWindow(seen, member);
    if (window?.first.lateHeartbeats === undefined) return notSampled();
    const facts = { member: subject.name, late: lateBetween(window), seconds: window.seconds };
    if (facts.late === 0) return pass(facts);
    return fail(facts, { severity: facts.late >= limits.late ? 'warning' : 'info', witness: 'stated' });
  },
  explains: [
    {
      to: 'etcd-leader-changes',
      kind: 'causes',
      on: 'cluster',
      because: 'followers that hear nothing for an election timeout elect another leader',
      covers: 'any',
      match: 'member',
      unproven: true,
    },
  ],
  fixes: ({ subjects }, seen) =>
    subjects.flatMap((subject) => {
      const member = memberAt(seen, subject.id);
      if (member === undefined) return [];
      return [
        {
          do: say('See on {node} whether etcd waits for its disk or for a CPU', { node: nodeOf(member) }),
          where: nodeOf(member),
          run: [
            'grep . /proc/pressure/cpu /proc/pressure/io',
            findThrottled,
            ...readLog(etcdHome(seen, [member]), { minutes: 15, filter: "grep -cE 'heartbeat on time|slow fdatasync'" }),
          ],
          risk: 'none' as const,
          needs: [],
          verify: ["curl -s http://localhost:2381/metrics | grep '^etcd_server_heartbeat_send_failures_total'   # stands still"],
        },
        ...moveLeadAway(seen, member),
      ];
    }),
  avoid: () => ['raise the election timeout before disk and CPU were looked at: it hides the stall and makes every failover slower'],
  reading: [
    'https://etcd.io/docs/v3.6/faq/#what-does-the-etcd-warning-failed-to-send-out-heartbeat-on-time-mean',
    'https://etcd.io/docs/v3.6/tuning/',
  ],
  errors: [
    'leader failed to send out heartbeat on time; took too long, leader is overloaded likely from slow disk',
    'failed to send out heartbeat on time',
  ],
});
