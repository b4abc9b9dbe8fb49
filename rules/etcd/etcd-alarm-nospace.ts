// Does etcd refuse writes because a member's database has reached its quota?
import { defineRule, fail, notApplicable, pass } from '../../src/judge/define-rule.ts';
import { alarmsOf } from '../../src/judge/readings/alarms.ts';
import { doNotStop } from '../../src/judge/readings/member-fixes.ts';
import { membersOf } from '../../src/judge/readings/member.ts';
import { describeBytes, percentFull, type SpaceEvidence, spaceOf, wasFreed } from '../../src/judge/readings/space.ts';
import { couldNotAsk, namesOf } from '../../src/judge/readings/voters.ts';
import type { Fix, Seen } from '../../src/model/rule.ts';
import { say } from '../../src/model/sentence.ts';
import { clusterSubject } from '../../src/model/subject.ts';
import type { Member } from '../../src/model/topology.ts';
import { effectsOfRefusedWrites } from './edges/refused-writes.ts';
import { compact, defragmentEach, disarm, findWhatFills, raiseQuota } from './plans/free-space.ts';

export default defineRule({
  id: 'etcd-alarm-nospace',
  area: 'etcd',
  since: '0.1.0',
  severity: 'critical',
  impact: 'outage',
  layer: 2,
  title: 'etcd refuses every write: alarm NOSPACE ({words})',
  healthy: 'etcd raises no NOSPACE alarm',
  why: 'Nothing can be created, changed or renewed; leases run out while nodes still say Ready. Reads and deletes go on, and so do running Pods.',
  shows: ['alarm NOSPACE, reported by {reporters}', 'each members: {name}  {size} of {quota}  {percent} %'],
  folded: 'alarm NOSPACE: {words}',
  needs: ['etcd.status', 'etcd.health', 'etcd.metrics', 'etcd.members', 'kube.control-plane-pods'],
  limits: {
    full: { value: 80, unit: 'percent of the quota', source: 'as etcd-db-near-quota: below it the space was freed after the alarm' },
  },
  reasons: ['full', 'sizes-unknown'],
  subjects: () => [clusterSubject],
  judge: (seen, limits) => {
    const members = membersOf(seen);
    const { reportedBy, raisedBy, deniedBy } = alarmsOf(seen, 'NOSPACE');
    if (reportedBy.length === 0) {
      if (deniedBy.length > 0) return pass({ asked: deniedBy.length });
      return couldNotAsk(seen, members, 'no member could be asked for its alarms');
    }
    const rows = members.flatMap((member) => rowOf(seen, member));
    const full = rows.filter((row) => row.percent >= limits.full);
    if (wasFreed(seen, limits.full)) return notApplicable('the space was freed since: etcd-alarm-lingering speaks of that');
    const reason = full.length > 0 ? 'full' : 'sizes-unknown';
    const words = {
      full: say('{names} full', { names: namesOf(raisedBy) || full.map((row) => row.name).join(', ') }),
      'sizes-unknown':
        raisedBy.length > 0 ? say('raised by {names}', { names: namesOf(raisedBy) }) : 'raised by a member that is not known',
    }[reason];
    return fail({ words, reporters: namesOf(reportedBy), raisers: namesOf(raisedBy), members: rows }, { reason, witness: 'stated' });
  },
  explains: [
    {
      to: 'etcd-db-near-quota',
      kind: 'made-of',
      on: 'cluster',
      because: 'the alarm is a database that reached its quota',
      covers: 'any',
      match: 'member',
    },
    ...effectsOfRefusedWrites(['le-lease-expired', 'ha-node-notready', 'api-identity-lease']),
  ],
  fixes: (_cause, seen) => planFor(seen),
  avoid: (_cause, seen) => [
    'alarm disarm before space was freed: the next write raises it again',
    'defragment two members at once',
    ...doNotStop(seen),
  ],
  reading: ['https://etcd.io/docs/v3.6/op-guide/maintenance/#space-quota'],
  errors: ['etcdserver: mvcc: database space exceeded', 'alarm:NOSPACE', 'ALARM NOSPACE'],
});

function rowOf(seen: Seen<SpaceEvidence>, member: Member) {
  const space = spaceOf(seen, member);
  if (space === undefined) return [];
  const quota = `${describeBytes(space.quota)}${space.by === 'assumed' ? ' (assumed)' : ''}`;
  return [{ name: member.subject.name, size: describeBytes(space.size), quota, percent: percentFull(space) }];
}

function planFor(seen: Seen): readonly Fix[] {
  const members = membersOf(seen).filter((member) => member.started);
  const freed = { text: 'every database is well below its quota', met: 'no' as const };
  return [...findWhatFills(seen), ...compact(seen), ...defragmentEach(seen, members), ...raiseQuota(seen), ...disarm(seen, freed)];
}
