// Does etcd elect leaders more often than it should?
import { etcdHome } from '../../src/judge/readings/etcd-home.ts';
import { readLog } from '../../src/judge/readings/component-home.ts';
import { defineRule, fail, notSampled, pass } from '../../src/judge/define-rule.ts';
import { shellWord } from '../../src/judge/shell-word.ts';
import { say } from '../../src/model/sentence.ts';
import { describeDuration } from '../../src/model/time.ts';
import { processAge } from '../../src/judge/readings/counters.ts';
import { electionLimits, electionsSeen } from '../../src/judge/readings/elections.ts';
import { nodeOf } from '../../src/judge/readings/etcdctl.ts';
import { leadership } from '../../src/judge/readings/leadership.ts';
import { membersOf } from '../../src/judge/readings/member.ts';
import { metricsOf } from '../../src/judge/readings/member-words.ts';
import { couldNotAsk, supportsOf } from '../../src/judge/readings/voters.ts';
import type { Seen } from '../../src/model/rule.ts';
import { clusterSubject } from '../../src/model/subject.ts';
import type { Member } from '../../src/model/topology.ts';
import type { Facts, Fail } from '../../src/model/verdict.ts';

type Needs = 'etcd.metrics' | 'etcd.clock' | 'etcd.status' | 'etcd.health' | 'etcd.client-port' | 'etcd.peer-port' | 'etcd.members';
type Limits = Readonly<Record<'period', number>>;

export default defineRule({
  id: 'etcd-leader-changes',
  area: 'etcd',
  since: '0.1.0',
  severity: 'warning',
  impact: 'degraded',
  layer: 2,
  title: '{words}',
  healthy: 'etcd keeps its leader',
  why: 'Every election stops all writes for a second or more; controllers lose their leases and clients see errors.',
  shows: ['{changes} elections within {window}, as {member} counted them'],
  folded: '{changes} within {window}',
  needs: ['etcd.metrics', 'etcd.clock', 'etcd.status', 'etcd.health', 'etcd.client-port', 'etcd.peer-port', 'etcd.members'],
  limits: {
    ...electionLimits,
    critical: { value: 10, unit: 'elections in a period', source: 'convention' },
  },
  reasons: ['elections', 'one-member'],
  subjects: () => [clusterSubject],
  judge: (seen, limits) => {
    const members = membersOf(seen);
    const { counted, loud, alone } = electionsSeen(seen, limits);
    const [worst] = loud;
    if (worst !== undefined) {
      const counts = { changes: worst.changes, window: describeDuration(worst.seconds * 1000), member: worst.member.subject.name };
      const words =
        alone === undefined
          ? say('etcd changed its leader {changes} times within {window}', counts)
          : say('{member} lost its leader {changes} times within {window}, the others kept theirs', counts);
      const severity = worst.changes >= limits.critical && alone === undefined ? 'critical' : 'warning';
      const state = (member: Member) => (member === alone?.member ? 'lost' : leadership(seen, member));
      const options = { reason: alone === undefined ? 'elections' : 'one-member', severity, witness: 'stated' } as const;
      return fail({ ...counts, words }, { ...options, supports: supportsOf(members, state) });
    }
    if (counted.length > 0) return pass({ changes: Math.max(...counted.map((one) => one.changes)), seconds: counted[0]?.seconds ?? 0 });
    if (members.some((member) => neverChanged(seen, member, limits))) return pass({ changes: 0, seconds: limits.period });
    if (members.every((member) => metricsOf(seen, member) === undefined))
      return couldNotAsk(seen, members, 'no member’s counters could be read');
    return notSampled();
  },
  explains: [
    {
      to: 'etcd-requests-failing',
      kind: 'causes',
      on: 'cluster',
      because: 'requests wait or fail while there is no leader',
      unproven: true,
    },
    {
      to: 'api-5xx-ratio',
      kind: 'causes',
      on: 'cluster',
      because: 'API servers pass on what etcd refuses during elections',
      unproven: true,
    },
    { to: 'le-flapping', kind: 'causes', on: 'cluster', because: 'a lease that cannot be renewed in time changes hands', unproven: true },
    {
      to: 'le-component-unhealthy',
      kind: 'causes',
      on: 'cluster',
      because: 'controller-manager and scheduler end themselves when they lose their lease',
      when: () => 'unknown',
      unproven: true,
    },
    {
      to: 'api-latency-p99',
      kind: 'causes',
      on: 'cluster',
      because: 'requests wait while a leader is elected',
      produces: ['storage', 'itself'],
      unproven: true,
    },
  ],
  fixes: ({ facts, verdicts }, seen) =>
    concerned(seen, facts, verdicts).map((member) => ({
      do: say('See what interrupts the heartbeats on {node}: a slow disk, a slow network, a starved CPU', { node: nodeOf(member) }),
      where: nodeOf(member),
      run: [
        "curl -s http://localhost:2381/metrics | grep -E 'leader_changes|heartbeat_send_failures|slow_apply|wal_fsync.*(sum|count)'",
        ...readLog(etcdHome(seen, [member]), { minutes: 15, filter: "grep -ciE 'elect|overloaded|slow fdatasync'" }),
        ...otherThan(seen, member).map(({ host }) => `ping -q -i 0.2 -c 50 ${shellWord(host)}   # packets lost`),
      ],
      risk: 'none' as const,
      needs: [],
      verify: [],
    })),
  avoid: () => ['member remove, move-leader: each is one more election'],
  reading: [
    'https://etcd.io/docs/v3.6/tuning/',
    'https://etcd.io/docs/v3.6/faq/#what-does-the-etcd-warning-failed-to-send-out-heartbeat-on-time-mean',
  ],
  errors: ['etcdserver: leader changed', 'failed to send out heartbeat on time', 'leader election lost'],
});

/** Heartbeats come from the leader, whichever it is; what one member alone misses is lost on its own side. */
function concerned(seen: Seen<Needs>, { member }: Facts, verdicts: readonly Fail[]): readonly Member[] {
  const alone = verdicts.every(({ reason }) => reason === 'one-member');
  return membersOf(seen).filter((one) => !alone || one.subject.name === member);
}

function otherThan(seen: Seen<Needs>, member: Member): readonly Member[] {
  return membersOf(seen).filter((one) => one !== member);
}

/** Following a leader for longer than the period, and never another one: then none was elected within it. */
function neverChanged(seen: Seen<Needs>, member: Member, limits: Limits): boolean {
  const metrics = metricsOf(seen, member)?.value;
  const age = metrics && processAge(seen, member, metrics);
  return metrics?.hasLeader === true && age !== undefined && age >= limits.period && metrics.leaderChanges <= 1;
}
