// Has a certificate that is served, or lies on this machine, ended?
import { defineRule, fail, pass, undecided } from '../../src/judge/define-rule.ts';
import { planToRenew } from '../../src/judge/plans/renew-certificate.ts';
import {
  type CertificateEvidence,
  certificateNeeds,
  certificatePlaces,
  endOf,
  endUnnamed,
  hasEnded,
  isSelfMade,
  type Leaf,
  leavesAt,
  type Place,
  unnamedPlaces,
} from '../../src/judge/readings/certificate.ts';
import { kubeletRefuses, ofRole, reachesEtcd } from '../../src/judge/readings/certificate-gates.ts';
import { describeRole, isUnverified } from '../../src/judge/readings/certificate-role.ts';
import { factsOf } from '../../src/judge/readings/certificate-words.ts';
import { type ServerNow, serverNow } from '../../src/judge/readings/host-clock.ts';
import type { Seen } from '../../src/model/rule.ts';
import { describeMoment } from '../../src/model/time.ts';

/** An API server that starts without its etcd never gets to serve, in one of these ways. */
const withoutEtcd = ['hung', 'refused', 'forbidden', 'closed', 'reset'];

export default defineRule({
  id: 'cert-leaf-expired',
  area: 'certificates',
  since: '0.1.0',
  severity: 'critical',
  impact: 'degraded',
  layer: 0,
  final: true,
  title: '{nodes} {verb} an expired {name} certificate{share}',
  healthy: 'no certificate that is served has ended',
  why: 'Whoever verifies this certificate refuses it, and every new connection fails; open ones live until they break.',
  shows: ['{node} {where}  role {role}', '  serial {serial}  sha256 {sha256}', '  ended {ended}, {ago} ago by {by}', 'if others: {others}'],
  folded: '{name} certificate ended {ended}',
  needs: certificateNeeds,
  limits: {},
  reasons: [],
  subjects: (seen) => [...certificatePlaces(seen).map((place) => place.subject), ...unnamedPlaces(seen)],
  judge: (seen, _limits, subject) => {
    const places = certificatePlaces(seen);
    const place = places.find((one) => one.subject.id === subject.id);
    if (place === undefined) endUnnamed(seen);
    if (place === undefined) return undecided('what was seen at first is no longer known', '--masters');
    const now = serverNow(seen);
    const leaves = leavesAt(seen, place);
    const ended = leaves.filter((leaf) => hasEnded(leaf.certificate, now));
    const [worst] = [...ended].sort((one, other) => Number(other.served) - Number(one.served));
    if (worst !== undefined) return failWith(seen, place, worst, now, places);
    const open = leaves.find((leaf) => endOf(leaf.certificate) < now.high);
    if (open !== undefined)
      return undecided(
        `it ends at ${describeMoment(open.certificate.notAfter)}, and ${now.by} do not agree whether that is past`,
        'kubectl ha-doctor --only clocks',
      );
    const first = [...leaves].sort((one, other) => endOf(one.certificate) - endOf(other.certificate))[0];
    return pass({ node: subject.name, role: place.role, ends: first === undefined ? '' : describeMoment(first.certificate.notAfter) });
  },
  explains: [
    {
      to: 'api-master-unreachable',
      kind: 'causes',
      on: 'node',
      because: 'clients that verify refuse it',
      produces: ['untrusted'],
      when: ofRole('apiserver'),
    },
    {
      to: 'lb-check-disagrees',
      kind: 'causes',
      on: 'node',
      because: 'a check that does not verify cannot see what clients see',
      produces: ['up'],
      when: ofRole('apiserver'),
    },
    {
      to: 'lb-backend-down',
      kind: 'causes',
      on: 'node',
      because: 'a check that verifies takes it out',
      produces: ['tls', 'http'],
      when: ofRole('apiserver'),
      unproven: true,
    },
    {
      to: 'api-lb-unreachable',
      kind: 'causes',
      on: 'cluster',
      because: 'the load balancer passes on what the API servers serve',
      produces: ['partial', 'untrusted', 'tls'],
      covers: 'all',
      match: 'apiserver',
      when: ofRole('apiserver'),
    },
    { to: 'ha-node-notready', kind: 'causes', on: 'node', because: 'the kubelet refuses the API server beside it', when: kubeletRefuses },
    {
      to: 'le-lease-expired',
      kind: 'causes',
      on: 'cluster',
      because: 'each controller refuses the API server beside it',
      covers: 'all',
      match: 'node',
      when: ofRole('apiserver'),
      unproven: true,
    },
    {
      to: 'etcd-member-down',
      kind: 'causes',
      on: 'node',
      because: 'clients that verify refuse the member',
      produces: ['tls', 'untrusted'],
      when: ofRole('etcd-server'),
    },
    {
      to: 'api-readyz-etcd',
      kind: 'causes',
      on: 'node',
      because: 'the API server refuses the member beside it, its only one',
      when: reachesEtcd('etcd-server', 'apiserver-etcd-client'),
      unproven: true,
    },
    {
      to: 'api-master-unreachable',
      kind: 'causes',
      on: 'node',
      because: 'an API server that is restarted without its etcd never serves',
      produces: withoutEtcd,
      when: reachesEtcd('etcd-server', 'etcd-peer', 'apiserver-etcd-client'),
    },
    {
      to: 'api-restart-loop',
      kind: 'causes',
      on: 'node',
      because: 'the liveness probe contains the etcd check',
      when: reachesEtcd('etcd-server', 'etcd-peer', 'apiserver-etcd-client'),
    },
    {
      to: 'etcd-partition',
      kind: 'causes',
      on: 'node',
      because: 'the other members refuse its connections',
      when: ofRole('etcd-peer'),
      unproven: true,
    },
    {
      to: 'etcd-member-down',
      kind: 'causes',
      on: 'node',
      because: 'a member that starts without its peers does not open its client port',
      produces: ['hung'],
      when: ofRole('etcd-peer'),
      unproven: true,
    },
    {
      to: 'etcd-no-leader',
      kind: 'causes',
      on: 'cluster',
      because: 'members that refuse each other cannot elect',
      covers: 'quorum',
      match: 'node',
      when: ofRole('etcd-peer'),
      unproven: true,
    },
    {
      to: 'ha-node-notready',
      kind: 'causes',
      on: 'node',
      because: 'the kubelet can no longer log in',
      produces: ['notready', 'heartbeat-stale'],
      when: ofRole('kubelet-client'),
      unproven: true,
    },
    {
      to: 'api-aggregated-unavailable',
      kind: 'hints',
      on: 'cluster',
      because: 'aggregated APIs refuse an API server whose front-proxy certificate has ended',
    },
  ],
  fixes: (cause, seen) => cause.verdicts.flatMap((verdict) => planToRenew(verdict.facts, cause.verdicts.length > 1, seen)),
  avoid: ({ verdicts, facts }) => [
    ...(facts['kind'] === 'served' ? ['copy another machine’s certificate here: its names are wrong'] : []),
    ...(verdicts.length > 1 ? ['renew on two machines at once: one, then look, then the next'] : []),
  ],
  reading: ['https://kubernetes.io/docs/tasks/administer-cluster/kubeadm/kubeadm-certs/'],
  errors: [
    'x509: certificate has expired or is not yet valid',
    'tls: expired certificate',
    'certificate has expired',
    'remote error: tls: bad certificate',
  ],
});

function failWith(seen: Seen<CertificateEvidence>, place: Place, leaf: Leaf, now: ServerNow, places: readonly Place[]) {
  const same = places.filter((one) => one.role === place.role);
  const bad = same.filter((one) => one.leaves.some((each) => hasEnded(each.certificate, now)));
  const role = describeRole(place.role);
  const end = endOf(leaf.certificate);
  return fail(factsOf(seen, place, leaf, now, same), {
    severity: isUnverified(place.role) && isSelfMade(leaf.certificate) ? 'info' : role.severity,
    impact: place.role === 'apiserver' && bad.length === same.length ? 'outage' : role.impact,
    group: place.role,
    witness: now.whose === 'servers' ? 'stated' : 'measured',
    since: { earliest: end - (now.high - seen.startedAt), latest: end - (now.low - seen.startedAt) },
  });
}
