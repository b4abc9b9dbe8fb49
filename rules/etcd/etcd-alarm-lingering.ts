// Does etcd still refuse writes although its databases have room again?
import { defineRule, fail, notApplicable, pass } from '../../src/judge/define-rule.ts';
import { alarmsOf } from '../../src/judge/readings/alarms.ts';
import { membersOf } from '../../src/judge/readings/member.ts';
import { describeBytes, percentFull, spaceOf, wasFreed } from '../../src/judge/readings/space.ts';
import { couldNotAsk, namesOf } from '../../src/judge/readings/voters.ts';
import { clusterSubject } from '../../src/model/subject.ts';
import { effectsOfRefusedWrites } from './edges/refused-writes.ts';
import { disarm } from './plans/free-space.ts';

export default defineRule({
  id: 'etcd-alarm-lingering',
  area: 'etcd',
  since: '0.1.0',
  severity: 'critical',
  impact: 'outage',
  layer: 2,
  title: 'etcd refuses every write: alarm NOSPACE was never taken back, though there is room again',
  healthy: 'no NOSPACE alarm outlived the lack of space',
  why: 'Nothing can be created, changed or renewed. Etcd never takes the alarm back by itself; a snapshot taken meanwhile carries it along.',
  shows: ['alarm NOSPACE, reported by {reporters}', 'each members: {name}  {size} of {quota}  {percent} %'],
  folded: 'alarm NOSPACE, though every database is below {limit} % of its quota',
  needs: ['etcd.status', 'etcd.health', 'etcd.metrics', 'etcd.members', 'kube.control-plane-pods'],
  limits: {
    freed: { value: 80, unit: 'percent of the quota that every database is below', source: 'as etcd-db-near-quota' },
  },
  reasons: [],
  subjects: () => [clusterSubject],
  judge: (seen, limits) => {
    const members = membersOf(seen);
    const { reportedBy, raisedBy, deniedBy } = alarmsOf(seen, 'NOSPACE');
    if (reportedBy.length === 0) {
      if (deniedBy.length > 0) return pass({ asked: deniedBy.length });
      return couldNotAsk(seen, members, 'no member could be asked for its alarms');
    }
    const spaces = members.flatMap((member) => {
      const space = spaceOf(seen, member);
      return space === undefined ? [] : [{ name: member.subject.name, space }];
    });
    if (spaces.some(({ space }) => space.by !== 'assumed' && percentFull(space) >= limits.freed))
      return notApplicable('there is no room yet: etcd-alarm-nospace speaks of that');
    if (!wasFreed(seen, limits.freed)) return couldNotAsk(seen, members, 'not every member told its size and its quota');
    const rows = spaces.map(({ name, space }) => ({
      name,
      size: describeBytes(space.size),
      quota: describeBytes(space.quota),
      percent: percentFull(space),
    }));
    const facts = { reporters: namesOf(reportedBy), raisers: namesOf(raisedBy), limit: limits.freed, members: rows };
    return fail(facts, { witness: 'stated' });
  },
  explains: effectsOfRefusedWrites(['le-lease-expired', 'ha-node-notready', 'api-identity-lease']),
  fixes: (_cause, seen) => disarm(seen, { text: 'every database is well below its quota', met: 'yes' }),
  avoid: () => [
    'restart etcd to get rid of it: the alarm is stored and comes back',
    'restore a snapshot taken since: it holds the alarm too',
  ],
  reading: ['https://etcd.io/docs/v3.6/op-guide/maintenance/#space-quota'],
  errors: ['etcdserver: mvcc: database space exceeded', 'alarm:NOSPACE', 'ALARM NOSPACE'],
});
