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
  placeOfSubject,
  unnamedPlaces,
} from '../../src/judge/readings/certificate.ts';
import { describeRole, isUnverified } from '../../src/judge/readings/certificate-role.ts';
import { factsOf } from '../../src/judge/readings/certificate-words.ts';
import { type ServerNow, serverNow } from '../../src/judge/readings/host-clock.ts';
import { type ToldExpired, toldExpired } from '../../src/judge/readings/told-expired.ts';
import type { Seen } from '../../src/model/rule.ts';
import { describeMoment } from '../../src/model/time.ts';
import { effectsOfRefusal } from './edges/refused-leaf.ts';

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
  shows: [
    '{node} {where}  role {role}',
    'if serial:   serial {serial}  sha256 {sha256}',
    'if ago:   ended {ended}, {ago} ago by {by}',
    'if log:   the log of its API server: {log}',
    'if others: {others}',
  ],
  folded: '{name} certificate ended {ended}',
  needs: [...certificateNeeds, 'kube.container-logs', 'here.container-logs'],
  limits: {},
  reasons: [],
  subjects: (seen) => [
    ...certificatePlaces(seen).map((place) => place.subject),
    ...seen.shared(toldExpired).map((told) => told.subject),
    ...unnamedPlaces(seen),
  ],
  judge: (seen, _limits, subject) => {
    const place = placeOfSubject(seen, subject);
    const told = place === undefined ? seen.shared(toldExpired).find((one) => one.subject.id === subject.id) : undefined;
    if (told !== undefined) return failAsTold(told);
    if (place === undefined) endUnnamed(seen);
    if (place === undefined) return undecided('what was seen at first is no longer known', '--masters');
    const now = serverNow(seen);
    const leaves = leavesAt(seen, place);
    const ended = leaves.filter((leaf) => hasEnded(leaf.certificate, now));
    const [worst] = [...ended].sort((one, other) => Number(other.served) - Number(one.served));
    if (worst !== undefined) return failWith(seen, place, worst, now);
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
    ...effectsOfRefusal({
      shown: ['clients', 'shallow check', 'entry', 'kubelet beside', 'etcd clients', 'API server without etcd', 'restarts'],
    }),
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

/** Nobody saw its dates; who refuses it did. */
function failAsTold({ node, role, path, line }: ToldExpired) {
  const { name, severity, impact } = describeRole(role);
  const unseen = { serial: '', sha256: '', ago: '', by: '', share: '', others: '' };
  const words = { node, nodes: node, verb: 'holds', kind: 'file', role, name, where: path, ended: 'before its last start', log: line };
  return fail({ ...unseen, ...words }, { severity, impact, group: role, witness: 'stated' });
}

function failWith(seen: Seen<CertificateEvidence>, place: Place, leaf: Leaf, now: ServerNow) {
  const same = certificatePlaces(seen).filter((one) => one.role === place.role);
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
