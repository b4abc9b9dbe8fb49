// Are enough etcd voters alive to elect a leader and accept writes?
import { defineRule, fail, pass, undecided } from '../../src/judge/define-rule.ts';
import { blamesEtcd, readApiServer } from '../../src/judge/readings/api-server.ts';
import { isAlive, type MemberReading, quorumOf, readMember, votersOf } from '../../src/judge/readings/member.ts';
import { clusterSubject } from '../../src/model/subject.ts';
import type { Seen } from '../../src/model/rule.ts';
import type { Member } from '../../src/model/topology.ts';

type Needs = 'etcd.status' | 'etcd.members' | 'etcd.health' | 'etcd.metrics' | 'etcd.client-port' | 'etcd.peer-port' | 'api.ready';

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
  needs: ['etcd.status', 'etcd.members', 'etcd.health', 'etcd.metrics', 'etcd.client-port', 'etcd.peer-port', 'api.ready'],
  limits: {
    quorum: { value: 0.5, unit: 'share of voters that must be exceeded', source: 'https://etcd.io/docs/v3.6/faq/ (failure tolerance)' },
  },
  reasons: [],
  subjects: () => [clusterSubject],
  judge: (seen) => {
    const voters = votersOf(seen);
    const quorum = quorumOf(voters.length);
    const alive = seen.tally(voters, (member) => isAlive(readMember(seen, member)));
    const led = seen.tally(voters, (member) => readMember(seen, member).kind === 'led');
    if (led.yes.length > 0) return pass({ alive: alive.yes.length, voters: voters.length });
    if (alive.yes.length >= quorum) return pass({ alive: alive.yes.length, voters: voters.length, note: 'alive, though nobody names a leader' });
    if (alive.yes.length + alive.unknown.length >= quorum) {
      return undecided(`${alive.unknown.length} of ${voters.length} voters could not be asked`, '--etcd-endpoints, --etcd-cacert, --etcd-cert, --etcd-key');
    }
    const leaderless = voters.filter((member) => kindOf(seen, member)?.kind === 'leaderless');
    if (leaderless.length === 0 && !anApiServerSuffers(seen)) {
      return undecided('no etcd port answers us and no API server complains: our own path may be blocked', 'run ha-doctor on a master');
    }
    const facts = {
      alive: alive.yes.length,
      voters: voters.length,
      quorum,
      down: alive.no.map((member) => member.subject.name).join(', '),
      members: voters.map((member) => ({ name: member.subject.name, address: `${member.host}:${member.clientPort}`, words: describe(kindOf(seen, member)) })),
    };
    return fail(facts, { witness: leaderless.length > 0 ? 'stated' : 'agreed' });
  },
  explains: [
    { to: 'etcd-member-down', kind: 'made-of', on: 'cluster', because: 'a quorum is lost by losing voters' },
    { to: 'etcd-member-unstarted', kind: 'made-of', on: 'cluster', because: 'a voter that never started counts against the quorum' },
    { to: 'etcd-no-leader', kind: 'causes', on: 'cluster', because: 'fewer than a quorum cannot elect a leader' },
    { to: 'etcd-no-fault-margin', kind: 'causes', on: 'cluster', because: 'below the quorum there is no margin' },
    { to: 'etcd-requests-failing', kind: 'causes', on: 'cluster', because: 'every write and linearizable read needs the quorum' },
    { to: 'api-readyz-etcd', kind: 'causes', on: 'cluster', because: 'the API server reads its readiness key with the quorum' },
    { to: 'api-master-unreachable', kind: 'causes', on: 'cluster', because: 'an API server that is restarted without its etcd never serves', produces: ['hung', 'refused', 'forbidden', 'closed', 'reset'] },
    { to: 'api-all-masters-down', kind: 'causes', on: 'cluster', because: 'no API server is ready without etcd' },
    { to: 'api-restart-loop', kind: 'causes', on: 'cluster', because: 'the liveness probe contains the etcd check' },
    { to: 'api-lb-unreachable', kind: 'causes', on: 'cluster', because: 'no API server behind the load balancer is ready' },
    { to: 'lb-no-backend-up', kind: 'causes', on: 'cluster', because: 'every backend fails its readiness check' },
    { to: 'lb-backend-down', kind: 'causes', on: 'cluster', because: 'every backend fails its readiness check' },
    { to: 'le-lease-expired', kind: 'causes', on: 'cluster', because: 'no lease can be renewed without writes' },
    { to: 'ha-node-notready', kind: 'causes', on: 'cluster', because: 'no heartbeat can be written' },
    { to: 'api-5xx-ratio', kind: 'causes', on: 'cluster', because: 'every request that needs etcd fails' },
  ],
  fixes: ({ facts }, seen) => planFor(seen, facts),
  avoid: () => ['--force-new-cluster while a lost member may return', 'member remove (it needs the quorum that is lost)', 'restore before the survivors are saved'],
  reading: ['https://etcd.io/docs/v3.6/op-guide/recovery/'],
  errors: ['etcdserver: no leader', 'etcdserver: request timed out', 'context deadline exceeded'],
});

function kindOf(seen: Seen<Needs>, member: Member): MemberReading | undefined {
  let reading: MemberReading | undefined;
  seen.tally([member], (one) => {
    reading = readMember(seen, one);
    return true;
  });
  return reading;
}

function describe(reading: MemberReading | undefined): string {
  if (reading === undefined) return 'could not be asked';
  if (reading.kind === 'leaderless') return `alive, says "${reading.words}"`;
  if (reading.kind === 'silent') return reading.why === 'refused' ? 'connection refused' : `${reading.why}: ${reading.detail}`;
  return { led: 'alive and knows a leader', listening: 'its port answers', unstarted: 'was added but never started' }[reading.kind];
}

/** Without a member's own word, an API server that misses its etcd is the second witness. */
function anApiServerSuffers(seen: Seen<Needs>): boolean {
  const readings = seen.tally(seen.topology.masters, (master) => {
    const reading = readApiServer(seen, master);
    return blamesEtcd(reading) || (reading.kind === 'silent' && reading.why !== 'timeout') || reading.kind === 'forbidden';
  });
  return readings.yes.length > 0 && readings.no.length === 0;
}

function planFor(seen: Seen, facts: Readonly<Record<string, unknown>>) {
  const voters = votersOf(seen);
  const survivor = voters.find((member) => kindOf(seen, member)?.kind === 'leaderless');
  const lost = voters.filter((member) => member.started && kindOf(seen, member)?.kind === 'silent');
  const save = survivor === undefined ? [] : [saveSurvivor(survivor)];
  return [
    ...save,
    ...lost.slice(0, 1).flatMap((member) => bringBack(member)),
    {
      do: 'Only if the data of {down} is lost for good: restore the saved copy to a new cluster on every master',
      where: 'here',
      run: ['etcdutl snapshot restore <file> --bump-revision 1000000000 --mark-compacted …'],
      risk: 'high' as const,
      needs: [{ text: `the data of ${String(facts['down'])} is lost`, met: 'unknown' as const }],
      verify: [],
    },
  ];
}

function saveSurvivor(member: Member) {
  const endpoint = `https://${member.host}:${member.clientPort}`;
  const file = `${member.subject.name}-survivor.db`;
  return {
    do: `Save the live copy on ${member.subject.name}; this works without a quorum`,
    where: 'here',
    run: [`etcdctl --endpoints ${endpoint} snapshot save ${file}`],
    risk: 'low' as const,
    needs: [],
    verify: [`etcdutl snapshot status ${file}`],
  };
}

function bringBack(member: Member) {
  const node = member.subject.name;
  const logs = "crictl logs --tail 20 $(crictl ps -aq --name '^etcd$' | head -1)";
  return [
    { do: `See why etcd stopped on ${node}`, where: node, run: ['ls -l /etc/kubernetes/manifests /var/lib/etcd/member; df -h /var/lib/etcd', logs], risk: 'none' as const, needs: [], verify: [] },
    {
      do: 'Mend what that shows, then let the kubelet start it again; one more voter is enough',
      where: node,
      run: ['systemctl restart kubelet'],
      risk: 'medium' as const,
      needs: [{ text: `/var/lib/etcd/member on ${node} is intact`, met: 'unknown' as const }],
      verify: [`etcdctl --endpoints https://${member.host}:${member.clientPort} endpoint health`],
    },
  ];
}
