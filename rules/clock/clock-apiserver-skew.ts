// Does this master's clock agree with those of the other machines of the control plane?
import { shellWord } from '../../src/judge/shell-word.ts';
import { defineRule, fail, notApplicable, pass, undecided } from '../../src/judge/define-rule.ts';
import { planToSetClock } from '../../src/judge/plans/set-clock.ts';
import { mastersOf } from '../../src/judge/readings/api-server.ts';
import { describeOffset, surelyBeyond, surelyWithin } from '../../src/judge/readings/clock.ts';
import { apiServerClock, hostClocks, skewOf } from '../../src/judge/readings/host-clock.ts';
import { endBySilence } from '../../src/judge/readings/silence.ts';
import { aheadOrBehind, againstWhom, begunByOwnClock, sameDirection, serverSkew } from '../../src/judge/readings/skew.ts';

export default defineRule({
  id: 'clock-apiserver-skew',
  area: 'clock',
  since: '0.1.0',
  severity: 'warning',
  impact: 'at-risk',
  layer: 0,
  title: 'the clock of {node} is off by {skew} against {against}',
  healthy: 'the clocks of the masters agree',
  why: 'Certificates and tokens count as not yet valid or as ended on one machine and not on the next; logs and cron jobs mislead.',
  shows: ['{node} {address}  {skew} against {against}'],
  folded: '{skew}',
  needs: ['api.ready', 'api.clock', 'etcd.clock', 'kube.nodes'],
  limits: {
    ...serverSkew,
    critical: { value: 60_000, unit: 'milliseconds', source: 'kubernetes pkg/serviceaccount/claims.go: leeway of one minute for tokens' },
  },
  reasons: ['ahead', 'behind', 'one-of-two'],
  subjects: (seen) => mastersOf(seen).map((master) => master.subject),
  judge: (seen, limits, subject) => {
    const clocks = hostClocks(seen);
    const master = mastersOf(seen).find((one) => one.subject.id === subject.id);
    const alone = seen.topology.mastersComplete && seen.topology.masters.length === 1 && seen.topology.members.length <= 1;
    if (alone) return notApplicable('a single machine has no other clock to disagree with');
    if (master === undefined) return undecided(`${subject.name} is no longer known`, '--masters');
    const { tries } = seen.get('api.ready', subject);
    const look = `curl -skI ${shellWord(`https://${subject.id}/livez`)} | grep -i ^date; date -u`;
    const own = apiServerClock(seen, master);
    const skew = own && skewOf(subject.keys.node ?? subject.id, own, clocks);
    if (!tries.some((one) => one.outcome.kind === 'answered'))
      endBySilence('api.ready', subject, `the API server on ${subject.name} did not answer, so it told no time`, look);
    if (own === undefined) return undecided(`the API server on ${subject.name} told no time, or times that contradict each other`, look);
    if (skew === undefined) return undecided('no second machine told the time', look);
    const { offset, others } = skew;
    const facts = { node: subject.name, address: subject.id, skew: describeOffset(offset), against: againstWhom(others) };
    if (surelyBeyond(offset, limits.skew)) {
      const grave = surelyBeyond(offset, limits.critical);
      const [severity, impact] = grave ? (['critical', 'degraded'] as const) : (['warning', 'at-risk'] as const);
      return fail(facts, {
        severity,
        impact,
        reason: others.length === 1 ? 'one-of-two' : aheadOrBehind(offset),
        witness: others.length === 1 ? 'measured' : 'agreed',
      });
    }
    if (surelyWithin(offset, limits.agree)) return pass(facts);
    return undecided(`undecided: ${subject.name} is ${facts.skew} from ${facts.against}`, look);
  },
  explains: [
    {
      to: 'cert-not-yet-valid',
      kind: 'causes',
      on: 'node',
      because: 'what was made on that machine begins when its clock says',
      when: begunByOwnClock,
      unproven: true,
    },
    {
      to: 'clock-kubelet-skew',
      kind: 'causes',
      on: 'node',
      because: 'the API server and the kubelet of one machine share its clock',
      when: sameDirection,
    },
    {
      to: 'le-renew-in-future',
      kind: 'causes',
      on: 'node',
      because: 'whoever renews leases on that machine writes its time',
      when: ({ cause }) => (cause.reason === 'behind' ? 'no' : 'yes'),
    },
    {
      to: 'clock-etcd-skew',
      kind: 'causes',
      on: 'node',
      because: 'the API server and the etcd member of one machine share its clock',
      when: sameDirection,
    },
    {
      to: 'api-credential-rejected',
      kind: 'causes',
      on: 'node',
      because: 'a token is refused where its time of issue or its end lies on the wrong side of now',
      when: ({ cause }, seen) => {
        const kubeconfig = seen.get('operator.kubeconfig');
        return cause.severity === 'critical' && kubeconfig.credential.kind !== 'none' ? 'yes' : 'no';
      },
      unproven: true,
    },
  ],
  fixes: ({ verdicts }) =>
    verdicts.flatMap(({ subject, reason }) => planToSetClock(subject.name, reason === 'ahead' || reason === 'behind' ? reason : 'unclear')),
  avoid: ({ subjects }) =>
    subjects.length > 1
      ? ['set two clocks at once: find out first which of them is right']
      : ['set the clocks of the other masters to match this one'],
  reading: ['https://etcd.io/docs/v3.6/op-guide/hardware/', 'https://kubernetes.io/docs/setup/best-practices/certificates/'],
  errors: ['x509: certificate has expired or is not yet valid: current time', 'token used before issued', 'token is not valid yet'],
});
