// Does a certificate begin only in the future?
import { defineRule, fail, pass, undecided } from '../../src/judge/define-rule.ts';
import { planToRenew } from '../../src/judge/plans/renew-certificate.ts';
import { planToSetClock } from '../../src/judge/plans/set-clock.ts';
import { beginOf, certificateNeeds, certificateSubjects, type Leaf, lookAt } from '../../src/judge/readings/certificate.ts';
import { describeRole } from '../../src/judge/readings/certificate-role.ts';
import { describeLeaf } from '../../src/judge/readings/certificate-words.ts';
import { serverNow } from '../../src/judge/readings/host-clock.ts';
import type { Cause, Fix, Seen } from '../../src/model/rule.ts';
import { describeDuration, describeMoment } from '../../src/model/time.ts';
import { effectsOfRefusal } from './edges/refused-leaf.ts';

export default defineRule({
  id: 'cert-not-yet-valid',
  area: 'certificates',
  since: '0.1.0',
  severity: 'critical',
  impact: 'degraded',
  layer: 0,
  final: true,
  title: 'the {name} certificate of {node} begins only in {ahead}',
  healthy: 'no certificate begins in the future',
  why: 'Whoever verifies it refuses it until then. It was made by a clock that was ahead, or somebody chose the date.',
  shows: ['{node} {where}  role {role}', '  serial {serial}  sha256 {sha256}', '  begins {begins}, in {ahead} by {by}'],
  folded: '{name} certificate begins only in {ahead}',
  needs: certificateNeeds,
  limits: {},
  reasons: [],
  subjects: certificateSubjects,
  judge: (seen, _limits, subject) => {
    const { place, leaves } = lookAt(seen, subject);
    const now = serverNow(seen);
    const future = leaves.filter(({ certificate }) => beginOf(certificate) > now.high);
    const [worst] = [...future].sort((one, other) => Number(other.served) - Number(one.served));
    if (worst === undefined) {
      const open = leaves.find(({ certificate }) => beginOf(certificate) > now.low);
      if (open === undefined) return pass({ node: subject.name, role: place.role, began: firstBegin(leaves) });
      const begins = describeMoment(open.certificate.notBefore);
      return undecided(
        `it begins at ${begins}, and ${now.by} do not agree whether that is past`,
        'kubectl ha-doctor diagnose --only clocks',
      );
    }
    const { severity, impact } = describeRole(place.role);
    const ahead = describeDuration(beginOf(worst.certificate) - now.high);
    return fail(
      { ...describeLeaf(place, worst), begins: describeMoment(worst.certificate.notBefore), ahead, by: now.by },
      { severity, impact, group: place.role, witness: now.whose === 'servers' ? 'stated' : 'measured' },
    );
  },
  explains: effectsOfRefusal({ shown: ['clients', 'shallow check', 'entry', 'kubelet beside'] }),
  fixes: planFor,
  avoid: () => ['set clocks ahead so that it becomes valid: leases and every other certificate live by them'],
  reading: ['https://kubernetes.io/docs/tasks/administer-cluster/kubeadm/kubeadm-certs/'],
  errors: ['x509: certificate has expired or is not yet valid', 'CERT_NOT_YET_VALID', 'is before'],
});

function firstBegin(leaves: readonly Leaf[]): string {
  const [first] = [...leaves].sort((one, other) => beginOf(other.certificate) - beginOf(one.certificate));
  return first === undefined ? '' : describeMoment(first.certificate.notBefore);
}

/** The clock first: a certificate that is made again by a wrong clock is wrong again. */
function planFor({ verdicts }: Cause, seen: Seen): readonly Fix[] {
  const [first] = verdicts;
  const clocks = first === undefined ? [] : planToSetClock(String(first.facts['node']), 'unclear', seen).slice(0, 1);
  return [...clocks, ...verdicts.flatMap((verdict) => planToRenew(verdict.facts, verdicts.length > 1, seen))];
}
