// Are enough etcd voters alive to elect a leader and accept writes?
import { joinAddress } from '../../src/model/address.ts';
import { defineRule, fail, pass, undecided } from '../../src/judge/define-rule.ts';
import { anApiServerReadsEtcd, isSlowNotLost } from '../../src/judge/readings/etcd-path.ts';
import { describeMember } from '../../src/judge/readings/member.ts';
import { couldNotAsk, countVoters, namesOf, supportsOf } from '../../src/judge/readings/voters.ts';
import { clusterSubject } from '../../src/model/subject.ts';
import { planRecovery } from './plans/recover-quorum.ts';
import { effectsOfStandstill } from './edges/standstill.ts';

export default defineRule({
  id: 'etcd-quorum-lost',
  area: 'etcd',
  since: '0.1.0',
  severity: 'critical',
  impact: 'outage',
  layer: 2,
  title: 'etcd has lost its quorum: {alive} of {voters} voters alive, {quorum} needed ({down} down)',
  healthy: 'enough etcd voters are alive for a quorum',
  why: 'Every API read and write fails. Running Pods keep running; nothing is scheduled, healed, scaled or renewed until one more voter is back.',
  shows: ['each members: {name} {address}  {words}'],
  folded: '{alive} of {voters} voters alive',
  needs: ['etcd.status', 'etcd.members', 'etcd.health', 'etcd.metrics', 'etcd.client-port', 'etcd.peer-port', 'api.ready', 'kube.nodes'],
  limits: {},
  reasons: [],
  subjects: () => [clusterSubject],
  judge: (seen) => {
    const electorate = countVoters(seen);
    const { voters, led, leaderless, listening, silent, unstarted, unknown, quorum, quorumAtMost } = electorate;
    const alive = led.length + leaderless.length + listening.length;
    if (led.length > 0) return pass({ alive, voters: voters.length });
    if (alive >= quorumAtMost) return pass({ alive, voters: voters.length, note: 'alive, though nobody names a leader' });
    if (alive + unknown.length >= quorum) {
      return couldNotAsk(seen, unknown, `${alive} of ${voters.length} voters answer, and nobody knows whether more exist or live`);
    }
    if (isSlowNotLost(seen))
      return undecided('no voter answered us in time, yet the API served a consistent list: etcd or this machine is slow', '--timeout=60s');
    const served = anApiServerReadsEtcd(seen);
    if (served === 'yes')
      return undecided('an API server still reads from etcd: our own path to its members may be closed', 'run ha-doctor on a master');
    if (leaderless.length === 0 && served === 'unknown') {
      return undecided('no member says so and no API server misses its etcd: our own path may be closed', 'run ha-doctor on a master');
    }
    const facts = {
      alive,
      voters: voters.length,
      quorum,
      down: namesOf([...silent, ...unstarted]),
      members: voters.map((member) => ({
        name: member.subject.name,
        address: joinAddress(member.host, member.clientPort),
        words: describeMember(electorate.readings.get(member)),
      })),
    };
    const lost = [...silent, ...unstarted];
    const supports = supportsOf(voters, (member) => (lost.includes(member) ? 'lost' : unknown.includes(member) ? 'unknown' : 'good'));
    return fail(facts, { witness: leaderless.length > 0 ? 'stated' : 'agreed', supports });
  },
  explains: [
    {
      to: 'vip-no-holder',
      kind: 'causes',
      on: 'cluster',
      because: 'kube-vip cannot renew the lease that makes it the holder',
      produces: ['faulty', 'lease-stale'],
      unproven: true,
    },
    {
      to: 'etcd-member-down',
      kind: 'made-of',
      on: 'cluster',
      because: 'a quorum is lost by losing voters',
      covers: 'quorum',
      match: 'member',
    },
    {
      to: 'etcd-member-unstarted',
      kind: 'made-of',
      on: 'cluster',
      because: 'a voter that never started counts all the same',
      covers: 'quorum',
      match: 'member',
      unproven: true,
    },
    { to: 'etcd-no-leader', kind: 'causes', on: 'cluster', because: 'fewer than a quorum cannot elect a leader', unproven: true },
    { to: 'etcd-no-fault-margin', kind: 'causes', on: 'cluster', because: 'below the quorum there is no margin' },
    { to: 'etcd-requests-failing', kind: 'causes', on: 'cluster', because: 'every write and linearizable read needs the quorum' },
    { to: 'api-readyz-etcd', kind: 'causes', on: 'cluster', because: 'the API server reads its readiness key with the quorum' },
    {
      to: 'api-master-unreachable',
      kind: 'causes',
      on: 'cluster',
      because: 'an API server that is restarted without its etcd never serves',
      produces: ['hung', 'refused', 'forbidden', 'closed', 'reset'],
    },
    ...effectsOfStandstill(['api-all-masters-down', 'api-lb-unreachable', 'lb-no-backend-up', 'lb-backend-down']),
  ],
  fixes: (_cause, seen) => planRecovery(seen, countVoters(seen)),
  avoid: () => [
    '--force-new-cluster while a lost member may return',
    'member remove (it needs the quorum that is lost)',
    'restore before the survivors are saved',
  ],
  reading: ['https://etcd.io/docs/v3.6/op-guide/recovery/'],
  errors: ['etcdserver: no leader', 'etcdserver: request timed out', 'context deadline exceeded'],
});
