// Does this member's disk take the write-ahead log fast enough?
import { unlessMinor } from '../../src/judge/readings/certainty.ts';
import { shellWord } from '../../src/judge/shell-word.ts';
import { defineRule, fail, pass, undecided } from '../../src/judge/define-rule.ts';
import { dataFolderOf } from '../../src/judge/readings/etcd-flags.ts';
import { nodeOf } from '../../src/judge/readings/etcdctl.ts';
import { describeSeconds, isSlow, quantile, slowerThan } from '../../src/judge/readings/histogram.ts';
import { memberAt } from '../../src/judge/readings/member-fixes.ts';
import { membersOf } from '../../src/judge/readings/member.ts';
import { type Timed, timedBetween } from '../../src/judge/readings/timed.ts';
import { etcdAccessFlags } from '../../src/judge/readings/voters.ts';
import type { Fix, Seen } from '../../src/model/rule.ts';
import { say } from '../../src/model/sentence.ts';
import type { Member } from '../../src/model/topology.ts';
import type { Severity } from '../../src/model/verdict.ts';
import { moveLeadAway } from './plans/move-lead.ts';

type Limits = Readonly<Record<'info' | 'warning' | 'critical' | 'least' | 'late', number>>;

const measure = "curl -s http://localhost:2381/metrics | grep -E '^etcd_disk_wal_fsync_duration_seconds_(bucket|count)'";
import { usesOnlyLocalEtcd } from '../../src/judge/readings/wiring.ts';

export default defineRule({
  id: 'etcd-fsync-slow',
  area: 'etcd',
  since: '0.1.0',
  severity: 'warning',
  impact: 'at-risk',
  layer: 0,
  title: 'the disk of etcd member {member} is slow: one write to its log in a hundred takes {p99} or more',
  healthy: 'the disks take the etcd logs fast enough',
  why: 'Every write of the cluster waits for this disk while {member} leads; a leader that waits too long is voted out.',
  shows: [
    '{member}  {count} writes to the log within {seconds} s: {slow} took longer than {bound}, one in a hundred {p99}',
    'if late: {late}',
  ],
  folded: 'one write to its log in a hundred takes {p99}',
  needs: [
    'etcd.metrics',
    'etcd.status',
    'etcd.health',
    'etcd.client-port',
    'etcd.peer-port',
    'etcd.members',
    'kube.control-plane-pods',
    'here.files',
  ],
  limits: {
    info: {
      value: 10,
      unit: 'ms for the slowest hundredth',
      source: 'https://etcd.io/docs/v3.6/faq/#what-does-the-etcd-warning-failed-to-send-out-heartbeat-on-time-mean',
    },
    warning: { value: 100, unit: 'ms for the slowest hundredth', source: 'etcd server/embed/config.go: a heartbeat interval by default' },
    critical: {
      value: 1000,
      unit: 'ms for the slowest hundredth',
      source: 'etcd contrib/mixin/alerts/alerts.libsonnet: etcdHighFsyncDurations; an election timeout by default',
    },
    enough: {
      value: 20,
      unit: 'writes between two looks at least',
      source: 'convention: an idle cluster of three masters does about 35 in 15 s',
    },
    least: { value: 3, unit: 'slow writes at least', source: 'convention: one or two may be chance' },
    late: { value: 5, unit: 'late heartbeats that make more than 10 ms a warning', source: 'convention: as etcd-heartbeat-late' },
  },
  reasons: [],
  subjects: (seen) => membersOf(seen).flatMap((member) => (member.started ? [member.subject] : [])),
  judge: (seen, limits, subject) => {
    const member = memberAt(seen, subject.id);
    if (member === undefined) return undecided(`${subject.name} is no longer known`, etcdAccessFlags);
    const { timed, judgement } = timedBetween(seen, member, 'walFsync', 'its writes to the log', limits);
    if (timed === undefined) return judgement;
    const { histogram, seconds } = timed;
    const { severity, bound } = levelOf(timed, limits);
    const p99 = describeSeconds(quantile(histogram, 0.99));
    const facts = { member: subject.name, p99, count: histogram.count, seconds, bound: describeSeconds(bound / 1000) };
    if (severity !== undefined) {
      const late = timed.late === 0 ? '' : say('{count} heartbeats were sent late meanwhile', { count: timed.late });
      return fail(
        { ...facts, slow: Math.round(slowerThan(histogram, bound / 1000)), late },
        { severity, witness: 'stated', impact: severity === 'critical' ? 'degraded' : 'at-risk' },
      );
    }
    if (histogram.count < limits.enough)
      return undecided(`it wrote only ${histogram.count} times to its log within ${seconds} s`, '--deep once more, while it has work');
    return pass(facts);
  },
  explains: [
    {
      to: 'etcd-heartbeat-late',
      kind: 'causes',
      on: 'member',
      because: 'a leader writes its log before it sends the next heartbeats',
    },
    {
      to: 'etcd-leader-changes',
      kind: 'causes',
      on: 'cluster',
      because: 'followers that hear nothing from a leader waiting for its disk elect another',
      covers: 'any',
      match: 'member',
      unproven: true,
    },
    { to: 'etcd-requests-failing', kind: 'causes', on: 'member', because: 'a request waits until the log is on the disk', unproven: true },
    {
      to: 'etcd-partition',
      kind: 'causes',
      on: 'member',
      because: 'a vote is sent only once it is on the disk',
      produces: ['no-votes'],
      unproven: true,
    },
    {
      to: 'etcd-member-stalls',
      kind: 'causes',
      on: 'member',
      because: 'its health check waits until the log is on the disk',
      when: unlessMinor,
      unproven: true,
    },
    { to: 'etcd-lag', kind: 'causes', on: 'member', because: 'what is not written to the log is not applied', unproven: true },
    {
      to: 'etcd-commit-slow',
      kind: 'causes',
      on: 'member',
      because: 'the database lies on the disk that the log waits for',
    },
    {
      to: 'etcd-no-leader',
      kind: 'causes',
      on: 'cluster',
      because: 'candidates whose disks stall never win an election',
      covers: 'quorum',
      match: 'member',
      unproven: true,
    },
    {
      to: 'api-master-unreachable',
      kind: 'causes',
      on: 'node',
      because: 'its checks and requests wait until etcd’s log is on the disk',
      produces: ['slow', 'unsteady'],
      when: ({ effect }, seen) => usesOnlyLocalEtcd(seen, effect.subject.keys.node),
      unproven: true,
    },
    {
      to: 'api-latency-p99',
      kind: 'causes',
      on: 'node',
      because: 'requests wait until etcd’s log is on the disk',
      produces: ['storage', 'itself'],
      unproven: true,
    },
  ],
  fixes: ({ subjects }, seen) =>
    subjects.flatMap((subject) => {
      const member = memberAt(seen, subject.id);
      return member === undefined ? [] : [findRival(seen, member), giveWay(member), ...moveLeadAway(seen, member), ownDisk(seen, member)];
    }),
  avoid: () => [
    'defragment or take snapshots on it now: both load the same disk',
    'raise the election timeout before the disk was looked at',
  ],
  reading: ['https://etcd.io/docs/v3.6/op-guide/hardware/#disks', 'https://etcd.io/docs/v3.6/tuning/#disk'],
  errors: ['slow fdatasync', 'leader failed to send out heartbeat on time; took too long, leader is overloaded likely from slow disk'],
});

/** The gravest level that is reached, and the limit it is reached by, in milliseconds. */
function levelOf({ histogram, late }: Timed, limits: Limits): { readonly severity?: Severity; readonly bound: number } {
  const slow = (milliseconds: number): boolean => isSlow(histogram, milliseconds / 1000, limits.least);
  if (slow(limits.critical)) return { severity: 'critical', bound: limits.critical };
  if (slow(limits.warning)) return { severity: 'warning', bound: limits.warning };
  if (!slow(limits.info)) return { bound: limits.info };
  return { severity: late >= limits.late ? 'warning' : 'info', bound: limits.info };
}

function findRival(seen: Seen<'kube.control-plane-pods' | 'here.files'>, member: Member): Fix {
  return {
    do: say('See what else uses the disk of {node}: backups, logs, images, other machines of the same host', { node: nodeOf(member) }),
    where: nodeOf(member),
    run: [`findmnt -T ${shellWord(dataFolderOf(seen, member))}`, 'iostat -x 1 5   # w_await of that device', 'grep . /proc/pressure/io'],
    risk: 'none',
    needs: [],
    verify: [],
  };
}

function giveWay(member: Member): Fix {
  return {
    do: 'Let etcd go first on that disk until its neighbours have moved',
    where: nodeOf(member),
    run: ['ionice -c2 -n0 -p "$(pidof etcd)"'],
    risk: 'low',
    needs: [],
    verify: [measure],
    undo: ['ionice -c2 -n4 -p "$(pidof etcd)"'],
  };
}

function ownDisk(seen: Seen<'kube.control-plane-pods' | 'here.files'>, member: Member): Fix {
  const folder = dataFolderOf(seen, member);
  return {
    do: say('Give {folder} a disk of its own, a local SSD; then compare', { folder }),
    where: nodeOf(member),
    run: ['lsblk -o NAME,ROTA,TYPE,SIZE,MOUNTPOINTS'],
    risk: 'none',
    needs: [],
    verify: [measure],
  };
}
