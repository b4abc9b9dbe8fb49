// Does this member belong to the same etcd cluster as the others?
import { defineRule, fail, notApplicable, pass, undecided } from '../../src/judge/define-rule.ts';
import { type Allegiance, type AllegianceEvidence, allegiancesOf, isStated, majorityOf } from '../../src/judge/readings/allegiance.ts';
import { nodeOf } from '../../src/judge/readings/etcdctl.ts';
import { memberAt, replaceMember } from '../../src/judge/readings/member-fixes.ts';
import { membersOf, peekMember } from '../../src/judge/readings/member.ts';
import { couldNotAsk, etcdAccessFlags, namesOf } from '../../src/judge/readings/voters.ts';
import { usesOnlyLocalEtcd } from '../../src/judge/readings/wiring.ts';
import type { Fix, Seen } from '../../src/model/rule.ts';
import { say } from '../../src/model/sentence.ts';
import type { Member } from '../../src/model/topology.ts';
import { compareMembers, saveBoth } from './plans/two-clusters.ts';
import { viaLocalKubelet, viaLocalMember } from './edges/beside-member.ts';

export default defineRule({
  id: 'etcd-cluster-id-mismatch',
  area: 'etcd',
  since: '0.1.0',
  severity: 'critical',
  impact: 'degraded',
  layer: 1,
  title: 'etcd member {member} belongs to another cluster than {others}',
  healthy: 'all etcd members belong to one cluster',
  why: 'What {member} holds is another set of data: where it serves, clients get different answers by chance, and what is written through it is lost to the others.',
  shows: ['each claims: {name}  cluster {cluster}  own id {id}  revision {revision}'],
  folded: 'cluster {cluster}, {others} in {otherCluster}',
  needs: [
    'etcd.status',
    'etcd.members',
    'etcd.metrics',
    'etcd.health',
    'etcd.client-port',
    'etcd.peer-port',
    'kube.nodes',
    'kube.control-plane-pods',
  ],
  limits: {
    told: { value: 2, unit: 'members that must tell their cluster', source: 'a single one has none to differ from' },
  },
  reasons: ['minority', 'no-majority'],
  subjects: (seen) => membersOf(seen).flatMap((member) => (member.started ? [member.subject] : [])),
  judge: (seen, limits, subject) => {
    const member = memberAt(seen, subject.id);
    if (member === undefined) return undecided(`${subject.name} is no longer known`, etcdAccessFlags);
    const all = allegiancesOf(seen);
    const own = all.find((one) => one.member === member);
    if (own === undefined) {
      if (peekMember(seen, member)?.kind === 'silent') return notApplicable('it does not answer');
      return couldNotAsk(seen, [member], 'it did not tell which cluster it belongs to');
    }
    if (all.length < limits.told) return couldNotAsk(seen, membersOf(seen), 'no other member told which cluster it belongs to');
    const majority = majorityOf(all);
    const others = all.filter((one) => one.cluster !== own.cluster);
    if (others.length === 0 || own.cluster === majority) return pass({ member: subject.name, cluster: clusterOf(own) });
    const reason = majority === undefined ? 'no-majority' : 'minority';
    return fail(factsOf(own, others, all), { reason, group: 'other cluster', witness: isStated(own) ? 'stated' : 'measured' });
  },
  explains: [
    {
      to: 'etcd-member-down',
      kind: 'causes',
      on: 'member',
      because: 'the others turn it away, so that it waits for a quorum and serves nobody',
    },
    {
      to: 'etcd-leader-disagreement',
      kind: 'causes',
      on: 'cluster',
      because: 'each cluster has a leader of its own',
      covers: 'any',
      match: 'member',
      unproven: true,
    },
    {
      to: 'etcd-member-list-mismatch',
      kind: 'causes',
      on: 'cluster',
      because: 'each cluster counts members of its own',
      covers: 'any',
      match: 'member',
    },
    { to: 'etcd-hash-mismatch', kind: 'causes', on: 'member', because: 'another cluster holds other data', unproven: true },
    { to: 'etcd-partition', kind: 'causes', on: 'member', because: 'peers turn away a member of another cluster', unproven: true },
    {
      to: 'etcd-no-fault-margin',
      kind: 'causes',
      on: 'cluster',
      because: 'what serves another cluster gives no vote in this one',
      covers: 'any',
      match: 'member',
    },
    {
      to: 'api-identity-lease',
      kind: 'causes',
      on: 'node',
      because: 'the API server beside it renews its lease in the other cluster',
      produces: ['expired'],
      when: viaLocalMember,
      unproven: true,
    },
    {
      to: 'ha-node-notready',
      kind: 'causes',
      on: 'node',
      because: 'the kubelet reports through the API server beside it, into the other cluster',
      when: viaLocalKubelet,
      unproven: true,
    },
    {
      to: 'le-two-active',
      kind: 'causes',
      on: 'cluster',
      because: 'the API server beside it shows the leases of the other cluster, with a leader of its own',
      produces: ['two-stores'],
      covers: 'any',
      match: 'node',
      when: ({ cause }, seen) => usesOnlyLocalEtcd(seen, cause.subject.keys.node),
      unproven: true,
    },
    {
      to: 'le-component-unhealthy',
      kind: 'causes',
      on: 'node',
      because: 'what its kubelet reports about pods goes into the other cluster',
      when: viaLocalKubelet,
      unproven: true,
    },
  ],
  fixes: ({ subjects }, seen) =>
    planFor(
      seen,
      subjects.flatMap((subject) => memberAt(seen, subject.id) ?? []),
    ),
  avoid: ({ facts }) => [
    say('write through {member}, or back it up as if it were the cluster', { member: String(facts['member']) }),
    'restart etcd again and again: the members will not merge by themselves',
  ],
  reading: ['https://etcd.io/docs/v3.6/op-guide/recovery/', 'https://etcd.io/docs/v3.6/op-guide/configuration/#clustering'],
  errors: ['request sent was ignored by remote peer due to cluster ID mismatch', 'request cluster ID mismatch', 'cluster ID mismatch'],
});

function factsOf(own: Allegiance, others: readonly Allegiance[], all: readonly Allegiance[]) {
  return {
    member: own.member.subject.name,
    node: nodeOf(own.member),
    cluster: clusterOf(own),
    others: namesOf(others.map((one) => one.member)),
    otherCluster: others[0] === undefined ? '?' : clusterOf(others[0]),
    claims: all.map((one) => ({ name: one.member.subject.name, cluster: clusterOf(one), id: one.id || '?', revision: one.revision })),
  };
}

function clusterOf(one: Allegiance): string {
  return isStated(one) ? one.cluster : '? (its counters know no peer of the others)';
}

/** Without a majority nobody but the operator can say which cluster is the right one. */
function planFor(seen: Seen<AllegianceEvidence>, odd: readonly Member[]): readonly Fix[] {
  const all = allegiancesOf(seen);
  const majority = majorityOf(all);
  const sound = all.find((one) => one.cluster === majority)?.member;
  const look = [compareMembers(seen), ...saveBoth(seen, sound === undefined ? odd : [sound, ...odd])];
  return sound === undefined ? look : [...look, ...odd.flatMap((member) => replaceMember(seen, member))];
}
