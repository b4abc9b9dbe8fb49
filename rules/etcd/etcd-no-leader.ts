// Do the etcd voters that are alive have a leader?
import { joinAddress } from '../../src/model/address.ts';
import { etcdHome } from '../../src/judge/readings/etcd-home.ts';
import { readLog } from '../../src/judge/readings/component-home.ts';
import { say } from '../../src/model/sentence.ts';
import { defineRule, fail, notApplicable, pass, undecided } from '../../src/judge/define-rule.ts';
import { anApiServerReadsEtcd } from '../../src/judge/readings/etcd-path.ts';
import { knockAtPeers, nodeOf, shellFor } from '../../src/judge/readings/etcdctl.ts';
import { describeMember } from '../../src/judge/readings/member.ts';
import { couldNotAsk, countVoters, namesOf, supportsOf } from '../../src/judge/readings/voters.ts';
import type { Seen } from '../../src/model/rule.ts';
import { clusterSubject } from '../../src/model/subject.ts';
import type { Member } from '../../src/model/topology.ts';
import { effectsOfStandstill } from './edges/standstill.ts';

export default defineRule({
  id: 'etcd-no-leader',
  area: 'etcd',
  since: '0.1.0',
  severity: 'critical',
  impact: 'outage',
  layer: 2,
  title: 'etcd has no leader although {alive} of {voters} voters are alive',
  healthy: 'etcd has a leader',
  why: 'Every API read and write fails until the voters elect one. Running Pods keep running.',
  shows: ['each members: {name} {address}  {words}'],
  folded: '{alive} of {voters} voters alive, none names a leader',
  needs: ['etcd.status', 'etcd.members', 'etcd.health', 'etcd.metrics', 'etcd.client-port', 'etcd.peer-port', 'api.ready'],
  limits: {},
  reasons: [],
  subjects: () => [clusterSubject],
  judge: (seen) => {
    const electorate = countVoters(seen);
    const { voters, led, leaderless, listening, unknown, quorum, quorumAtMost } = electorate;
    if (leaderless.length < quorum && led.length > 0) return pass({ led: led.length, voters: voters.length });
    if (leaderless.length >= quorum && led.length > 0)
      return undecided('the voters disagree at this moment whether there is a leader', 'run ha-doctor again');
    if (leaderless.length >= quorumAtMost) {
      const rows = voters.map((member) => ({
        name: member.subject.name,
        address: joinAddress(member.host, member.clientPort),
        words: describeMember(electorate.readings.get(member)),
      }));
      const supports = supportsOf(voters, (member) => (leaderless.includes(member) ? 'lost' : 'unknown'));
      const alive = leaderless.length + listening.length;
      return fail({ alive, voters: voters.length, quorum, members: rows }, { witness: 'stated', supports });
    }
    const asked = [...listening, ...unknown];
    if (leaderless.length + asked.length >= quorum)
      return couldNotAsk(seen, asked, 'too few voters could be asked whether there is a leader');
    const stated = leaderless.length > 0 || anApiServerReadsEtcd(seen) === 'no';
    if (stated && anApiServerReadsEtcd(seen) !== 'yes') return notApplicable('fewer voters than a quorum are alive, which is worse');
    return undecided('no etcd member answers us', 'run ha-doctor on a master');
  },
  explains: [
    { to: 'etcd-requests-failing', kind: 'causes', on: 'cluster', because: 'every write and linearizable read goes through the leader' },
    { to: 'etcd-no-fault-margin', kind: 'causes', on: 'cluster', because: 'voters that elect nobody leave none to spare' },
    { to: 'api-readyz-etcd', kind: 'causes', on: 'cluster', because: 'the API server’s etcd check is a read that needs the leader' },
    {
      to: 'api-master-unreachable',
      kind: 'causes',
      on: 'cluster',
      because: 'an API server that is restarted while etcd answers nothing never serves',
      produces: ['hung', 'refused', 'forbidden', 'closed', 'reset'],
      unproven: true,
    },
    ...effectsOfStandstill(['api-all-masters-down', 'api-lb-unreachable', 'lb-no-backend-up', 'lb-backend-down']),
  ],
  fixes: (_cause, seen) => {
    const { leaderless } = countVoters(seen);
    return [
      ...leaderless.slice(0, 1).map((member) => askPeersFrom(seen, member, leaderless)),
      ...leaderless.slice(0, 1).map((member) => readItsLog(seen, member)),
    ];
  },
  avoid: ({ facts }) => [
    'member add, member remove: both need the leader that is missing',
    say('--force-new-cluster: {alive} of {voters} voters are alive, and that is a quorum', {
      alive: String(facts['alive']),
      voters: String(facts['voters']),
    }),
    'restore a snapshot',
  ],
  reading: ['https://etcd.io/docs/v3.6/op-guide/failures/', 'https://etcd.io/docs/v3.6/tuning/'],
  errors: ['etcdserver: no leader', 'RAFT NO LEADER', 'is starting a new election'],
});

/** From a member's own node, because our path to a peer port is not the peers' path. */
function askPeersFrom(seen: Seen, member: Member, leaderless: readonly Member[]) {
  const others = leaderless.filter((other) => other !== member);
  return {
    do: say('See whether {node} reaches the peer ports of {others}; then from each of them', {
      node: nodeOf(member),
      others: namesOf(others) || say('the others'),
    }),
    where: nodeOf(member),
    run: knockAtPeers(seen, others),
    risk: 'none' as const,
    needs: [],
    verify: [`${shellFor(seen, member).etcdctl} endpoint status`],
  };
}

function readItsLog(seen: Seen, member: Member) {
  return {
    do: 'See what the elections fail on: peers out of reach, certificates, a disk that stalls, unequal election timeouts',
    where: nodeOf(member),
    run: readLog(etcdHome(seen, [member]), { lines: 50, filter: "grep -iE 'elect|x509|tls|slow|timeout'" }),
    risk: 'none' as const,
    needs: [],
    verify: [],
  };
}
