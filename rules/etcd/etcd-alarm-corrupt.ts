// Has etcd itself found that its members' data differ, and stopped?
import { defineRule, fail, pass } from '../../src/judge/define-rule.ts';
import { alarmsOf } from '../../src/judge/readings/alarms.ts';
import { endpointOf, shellFor } from '../../src/judge/readings/etcdctl.ts';
import { membersOf } from '../../src/judge/readings/member.ts';
import { doNotStop, memberAt, replaceMember } from '../../src/judge/readings/member-fixes.ts';
import { couldNotAsk, namesOf, supportsOf } from '../../src/judge/readings/voters.ts';
import { shellWord } from '../../src/judge/shell-word.ts';
import type { Fix, Seen } from '../../src/model/rule.ts';
import { clusterSubject } from '../../src/model/subject.ts';
import type { Member } from '../../src/model/topology.ts';
import { effectsOfStandstill } from './edges/standstill.ts';
import { saveBoth } from './plans/two-clusters.ts';

export default defineRule({
  id: 'etcd-alarm-corrupt',
  area: 'etcd',
  since: '0.1.0',
  severity: 'critical',
  impact: 'outage',
  layer: 2,
  title: 'etcd has stopped because its data differ: alarm CORRUPT ({words})',
  healthy: 'etcd raises no CORRUPT alarm',
  why: 'Every read and write of the API fails until the member with the wrong data is replaced. Running Pods keep running.',
  shows: ['alarm CORRUPT, reported by {reporters}', '{words}'],
  folded: 'alarm CORRUPT: {words}',
  needs: ['etcd.status', 'etcd.health', 'etcd.metrics', 'etcd.hash', 'etcd.members', 'etcd.client-port', 'etcd.peer-port', 'kube.nodes'],
  limits: {},
  reasons: ['named', 'not-named'],
  subjects: () => [clusterSubject],
  judge: (seen) => {
    const members = membersOf(seen);
    const { reportedBy, raisedBy, deniedBy } = alarmsOf(seen, 'CORRUPT');
    if (reportedBy.length === 0) {
      if (deniedBy.length > 0) return pass({ asked: deniedBy.length });
      return couldNotAsk(seen, members, 'no member could be asked for its alarms');
    }
    // Member 0 stands for a disagreement without a majority (etcd server/etcdserver/corrupt.go).
    const words = raisedBy.length > 0 ? namesOf(raisedBy) : 'no member is named: compare their hashes';
    const facts = { words, reporters: namesOf(reportedBy), raisers: namesOf(raisedBy) };
    const supports = supportsOf(members, (member) => (raisedBy.includes(member) ? 'lost' : raisedBy.length > 0 ? 'good' : 'unknown'));
    return fail(facts, { reason: raisedBy.length > 0 ? 'named' : 'not-named', witness: 'stated', supports });
  },
  explains: [
    {
      to: 'etcd-hash-mismatch',
      kind: 'causes',
      on: 'cluster',
      because: 'the hashes differ, which is what raised the alarm',
      unproven: true,
    },
    {
      to: 'api-readyz-etcd',
      kind: 'causes',
      on: 'cluster',
      because: 'the API server’s etcd check is a read, and all are refused',
      unproven: true,
    },
    { to: 'etcd-requests-failing', kind: 'causes', on: 'cluster', because: 'every request is refused: corrupt cluster' },
    {
      to: 'api-master-unreachable',
      kind: 'causes',
      on: 'cluster',
      because: 'an API server that is restarted while etcd refuses reads never serves',
      produces: ['hung', 'refused', 'forbidden', 'closed', 'reset'],
      unproven: true,
    },
    ...effectsOfStandstill(['le-lease-expired', 'ha-node-notready', 'api-identity-lease']),
  ],
  fixes: ({ verdicts }, seen) => planFor(seen, verdicts[0]?.supports ?? []),
  avoid: (_cause, seen) => [
    'alarm disarm before the wrong member is replaced: it would serve wrong data again',
    'restart the members: with the check at start the wrong one may not come up, and its data are evidence',
    ...doNotStop(seen),
  ],
  reading: ['https://etcd.io/docs/v3.6/op-guide/data_corruption/'],
  errors: ['etcdserver: corrupt cluster', 'alarm:CORRUPT', 'ALARM CORRUPT', '[-]data_corruption failed'],
});

function planFor(seen: Seen, supports: readonly { readonly name: string; readonly state: string }[]): readonly Fix[] {
  const lost = supports.filter(({ state }) => state === 'lost').map(({ name }) => name);
  const suspects = seen.topology.members.flatMap((member) =>
    lost.includes(member.subject.name) ? [memberAt(seen, member.subject.id)] : [],
  );
  const wrong = suspects.filter((member) => member !== undefined);
  const endpoints = seen.topology.members.filter((member) => member.started).map(endpointOf);
  const compare: Fix = {
    do: 'Compare the hashes: the member that stands alone has the wrong data',
    where: 'here',
    run: [`etcdctl --endpoints ${shellWord(endpoints.join(','))} endpoint hashkv -w table`],
    risk: 'low',
    needs: [],
    verify: [],
  };
  const sound = seen.topology.members.find((member) => member.started && !wrong.includes(member));
  if (wrong.length === 0 || sound === undefined) return [compare];
  return [compare, ...saveBoth(seen, [sound]), ...wrong.flatMap((member) => replaceMember(seen, member)), ...takeBack(seen, sound)];
}

function takeBack(seen: Seen, sound: Member): readonly Fix[] {
  const { where, etcdctl } = shellFor(seen, sound);
  return [
    {
      do: 'Last of all, take the alarm back',
      where,
      run: [`${etcdctl} alarm disarm`],
      risk: 'medium',
      needs: [{ text: 'the wrong member is replaced and all hashes are equal', met: 'no' }],
      verify: [`${etcdctl} alarm list   # empty`, 'kubectl get --raw /readyz'],
    },
  ];
}
