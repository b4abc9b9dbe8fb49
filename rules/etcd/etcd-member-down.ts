// Does this etcd member serve its clients?
import { joinAddress } from '../../src/model/address.ts';
import { checkedReasons } from '../../src/judge/readings/backend.ts';
import { defineRule, fail, notApplicable, pass, undecided } from '../../src/judge/define-rule.ts';
import { blamesEtcd, readApiServer } from '../../src/judge/readings/api-server.ts';
import { mayBeOurPath, peersHaveLost, refusesOthersOnly, whyOnlyOurPath } from '../../src/judge/readings/etcd-path.ts';
import { nodeOf } from '../../src/judge/readings/etcdctl.ts';
import { describeSilence, membersOf, readMember, silenceOfForeign } from '../../src/judge/readings/member.ts';
import { doNotStop, lookAtProcess, memberAt, replaceMember, restartMember } from '../../src/judge/readings/member-fixes.ts';
import { listensElsewhere, openToClients } from './plans/open-to-clients.ts';
import { remakeServerCertificate } from './plans/server-certificate.ts';
import { whyUntrusted } from '../../src/judge/readings/member-trust.ts';
import { othersHaveLost } from '../../src/judge/readings/host.ts';
import { etcdAccessFlags } from '../../src/judge/readings/voters.ts';
import { usesOnlyLocalEtcd } from '../../src/judge/readings/wiring.ts';
import type { Seen } from '../../src/model/rule.ts';
import type { Member } from '../../src/model/topology.ts';
import { viaLocalKubelet, viaLocalMember } from './edges/beside-member.ts';

const reasons = [
  'refused',
  'timeout',
  'hung',
  'tls',
  'closed',
  'reset',
  'protocol',
  'unreachable',
  'dns',
  'untrusted',
  'elsewhere',
] as const;

export default defineRule({
  id: 'etcd-member-down',
  area: 'etcd',
  since: '0.1.0',
  severity: 'warning',
  impact: 'degraded',
  layer: 1,
  title: 'etcd member {member} does not serve: {words}',
  healthy: 'every started etcd member serves its clients',
  why: 'The cluster lives on the other members. An API server that knows only {member} cannot serve, and one more loss may stop all writes.',
  shows: ['{member} {address}  {words}', 'if peers: its peers {peers}'],
  folded: '{words}',
  needs: [
    'etcd.client-port',
    'etcd.status',
    'etcd.health',
    'etcd.metrics',
    'etcd.peer-port',
    'etcd.members',
    'etcd.clock',
    'api.ready',
    'kube.control-plane-pods',
    'kube.nodes',
    'lb.stats',
    'lb.envoy',
    'lb.tries',
    'kube.node-leases',
    'node.kubelet-port',
  ],
  limits: {},
  reasons,
  subjects: (seen) => membersOf(seen).flatMap((member) => (member.started ? [member.subject] : [])),
  judge: (seen, _limits, subject) => {
    const member = memberAt(seen, subject.id);
    if (member === undefined) return undecided(`${subject.name} is no longer known`, etcdAccessFlags);
    const address = joinAddress(member.host, member.clientPort);
    const named = { member: subject.name, node: nodeOf(member), address };
    const found = readMember(seen, member);
    if (found.kind === 'unstarted') return notApplicable('it was never started');
    const reading = found.kind === 'foreign' ? (silenceOfForeign(seen, member) ?? found) : found;
    if (reading.kind === 'foreign') return notApplicable('what answers there serves another cluster, which is judged elsewhere');
    const untrusted = whyUntrusted(seen, member);
    if (reading.kind !== 'silent' && untrusted !== undefined)
      return fail({ ...named, words: untrusted, peers: '' }, { reason: 'untrusted', witness: 'stated' });
    if (reading.kind === 'listening' && reading.rejects !== undefined) {
      return undecided(
        `it turns down the etcd certificate we brought: ${reading.rejects}`,
        '--etcd-cert, --etcd-key of a certificate it accepts',
      );
    }
    if (refusesOthersOnly(seen, member)) {
      const listens = listensElsewhere(seen, member);
      const words = listens
        ? 'connection refused from other machines, while it is at work: --listen-client-urls lacks the address its cluster names'
        : 'connection refused from other machines, while it is at work: a firewall, or an address it does not listen at';
      return fail({ ...named, words, peers: '' }, { reason: 'elsewhere', impact: 'at-risk', group: 'elsewhere', witness: 'agreed' });
    }
    if (reading.kind !== 'silent') return pass(named);
    const lost = peersHaveLost(seen, member);
    const path = whyOnlyOurPath(seen, member);
    if (path !== undefined && !lost) return undecided(path, `nc -zvw2 ${member.host} ${member.clientPort}   # from a master`);
    const agreed = lost || besideItSuffers(seen, member) || othersHaveLost(seen, member.subject.keys.node);
    if (!agreed && mayBeOurPath(seen, member))
      return undecided(
        'it is silent to us, and nobody else could be asked about it: our own path may be blocked',
        `nc -zvw2 ${member.host} ${member.clientPort}   # from a master`,
      );
    const facts = { ...named, words: describeSilence(reading), peers: lost ? 'have lost it too' : '' };
    return fail(facts, { reason: reading.why, witness: agreed ? 'agreed' : 'measured' });
  },
  explains: [
    {
      to: 'api-readyz-etcd',
      kind: 'causes',
      on: 'node',
      because: 'the API server of a stacked master reads only from the member beside it',
      when: viaLocalMember,
    },
    {
      to: 'api-master-unreachable',
      kind: 'causes',
      on: 'node',
      because: 'an API server that is restarted without its only etcd member never gets to serve',
      produces: ['hung', 'refused', 'forbidden', 'closed', 'reset'],
      when: viaLocalMember,
    },
    {
      to: 'api-master-unreachable',
      kind: 'causes',
      on: 'node',
      because: 'its checks and requests wait for the member that does not answer',
      produces: ['slow', 'unsteady'],
      when: viaLocalMember,
      unproven: true,
    },
    {
      to: 'api-restart-loop',
      kind: 'causes',
      on: 'node',
      because: 'its liveness probe contains the etcd check, so the kubelet restarts it',
      when: viaLocalMember,
    },
    {
      to: 'lb-backend-down',
      kind: 'causes',
      on: 'node',
      because: 'the API server beside it fails its readiness check',
      produces: checkedReasons,
      when: viaLocalMember,
    },
    {
      to: 'ha-node-notready',
      kind: 'causes',
      on: 'node',
      because: 'the kubelet reports to the API server beside it',
      when: viaLocalKubelet,
    },
    {
      to: 'le-component-unhealthy',
      kind: 'causes',
      on: 'node',
      because: 'controller-manager and scheduler use the API server beside it',
      when: viaLocalMember,
      unproven: true,
    },
    {
      to: 'etcd-no-fault-margin',
      kind: 'causes',
      on: 'cluster',
      because: 'a voter that is away cannot stand in for another',
      covers: 'any',
      match: 'member',
    },
    {
      to: 'etcd-endpoints-mismatch',
      kind: 'causes',
      on: 'cluster',
      because: 'API servers that list it ask a member that does not serve',
      produces: ['down'],
      covers: 'any',
      match: 'member',
      unproven: true,
    },
    {
      to: 'etcd-requests-failing',
      kind: 'causes',
      on: 'member',
      because: 'a member that does not serve answers no request',
      unproven: true,
    },
    {
      to: 'etcd-leader-changes',
      kind: 'causes',
      on: 'cluster',
      because: 'a leader that goes away, again and again, is replaced each time',
      covers: 'any',
      match: 'member',
      unproven: true,
    },
  ],
  fixes: ({ subjects, verdicts }, seen) =>
    subjects.flatMap((subject, index) => {
      const member = memberAt(seen, subject.id);
      if (member !== undefined && verdicts[index]?.reason === 'untrusted') return remakeServerCertificate(seen, member);
      if (member !== undefined && verdicts[index]?.reason === 'elsewhere') return openToClients(seen, member);
      return member === undefined ? [] : [lookAtProcess(seen, member), restartMember(seen, member), ...replaceMember(seen, member)];
    }),
  avoid: (_cause, seen) => ['restore a snapshot: a quorum is left, and a member is brought back without', ...doNotStop(seen)],
  reading: ['https://etcd.io/docs/v3.6/op-guide/failures/', 'https://etcd.io/docs/v3.6/op-guide/runtime-configuration/'],
  errors: [
    'dial tcp 127.0.0.1:2379: connect: connection refused',
    'peer became inactive (message send to peer failed)',
    'lost TCP streaming connection with remote peer',
  ],
});

/** The API server beside it misses its etcd, and has no other. */
function besideItSuffers(seen: Seen<'api.ready' | 'kube.control-plane-pods'>, member: Member): boolean {
  const { node } = member.subject.keys;
  if (usesOnlyLocalEtcd(seen, node) !== 'yes') return false;
  const beside = seen.topology.masters.filter((master) => master.subject.keys.node === node);
  return seen.tally(beside, (master) => blamesEtcd(readApiServer(seen, master))).yes.length > 0;
}
