// How full is this member's database?
import { defineRule, fail, notApplicable, pass, undecided } from '../../src/judge/define-rule.ts';
import { memberAt } from '../../src/judge/readings/member-fixes.ts';
import { membersOf, readMember } from '../../src/judge/readings/member.ts';
import { describeBytes, percentFull, spaceOf } from '../../src/judge/readings/space.ts';
import { couldNotAsk, etcdAccessFlags } from '../../src/judge/readings/voters.ts';
import { compact, defragmentEach, findWhatFills, raiseQuota } from './plans/free-space.ts';

export default defineRule({
  id: 'etcd-db-near-quota',
  area: 'etcd',
  since: '0.1.0',
  severity: 'warning',
  impact: 'at-risk',
  layer: 2,
  title: 'the etcd database of {member} fills {percent} % of its quota',
  healthy: 'the etcd databases are well below their quota',
  why: 'At the quota of any one member the whole cluster refuses every write until space was freed and the alarm taken back.',
  shows: ['{member}  {size} of {quota}, {percent} %  {inUse} in use'],
  folded: '{size} of {quota}, {percent} %',
  needs: ['etcd.status', 'etcd.metrics', 'etcd.health', 'etcd.client-port', 'etcd.peer-port', 'etcd.members', 'kube.control-plane-pods'],
  limits: {
    warning: { value: 80, unit: 'percent of the quota', source: 'github.com/ahrtr/etcd-diagnosis epstatus plugin' },
    critical: { value: 95, unit: 'percent of the quota', source: 'etcd contrib/mixin/alerts/alerts.libsonnet: etcdDatabaseQuotaLowSpace' },
    assumed: {
      value: 20,
      unit: 'percent of the default quota that pass though the quota is not known',
      source: 'etcd server/storage/quota.go: 2 GiB by default, 8 GiB at the most',
    },
  },
  reasons: [],
  subjects: (seen) => membersOf(seen).flatMap((member) => (member.started ? [member.subject] : [])),
  judge: (seen, limits, subject) => {
    const member = memberAt(seen, subject.id);
    if (member === undefined) return undecided(`${subject.name} is no longer known`, etcdAccessFlags);
    const space = spaceOf(seen, member);
    if (space === undefined) {
      if (readMember(seen, member).kind === 'silent') return notApplicable('it does not answer');
      return couldNotAsk(seen, [member], 'it told no size');
    }
    const percent = percentFull(space);
    const quota = describeBytes(space.quota);
    const size = describeBytes(space.size);
    const inUse = space.inUse === undefined ? 'an unknown part' : describeBytes(space.inUse);
    const facts = { member: subject.name, percent, size, quota, inUse, by: space.by };
    const between = percent >= limits.assumed && (percent < limits.critical || percent > 100);
    if (space.by === 'assumed' && between)
      return undecided(`${size} are used, and nobody told the quota (${quota} by default)`, etcdAccessFlags);
    if (percent < limits.warning) return pass(facts);
    const severity = percent >= limits.critical ? 'critical' : 'warning';
    return fail(facts, { severity, witness: space.by === 'assumed' ? 'measured' : 'stated' });
  },
  explains: [
    { to: 'etcd-commit-slow', kind: 'causes', on: 'member', because: 'a large file takes longer to write', unproven: true },
    { to: 'etcd-requests-failing', kind: 'causes', on: 'member', because: 'at the quota every put is refused', unproven: true },
  ],
  fixes: ({ subjects }, seen) => {
    const members = subjects.flatMap((subject) => memberAt(seen, subject.id) ?? []);
    const loose = members.filter((member) => {
      const space = spaceOf(seen, member);
      return space?.inUse !== undefined && space.inUse < space.size / 2;
    });
    const shrink = loose.length === members.length ? defragmentEach(seen, members) : [...compact(seen), ...defragmentEach(seen, members)];
    return [...findWhatFills(seen), ...shrink, ...raiseQuota(seen)];
  },
  avoid: () => ['defragment two members at once: each stands still meanwhile'],
  reading: ['https://etcd.io/docs/v3.6/op-guide/maintenance/#space-quota', 'https://etcd.io/docs/v3.6/dev-guide/limit/'],
  errors: ['etcdserver: mvcc: database space exceeded'],
});
