// Does this master's clock agree with those of the other machines of the control plane?
import { shellWord } from '../../src/judge/shell-word.ts';
import { defineRule, notApplicable, undecided } from '../../src/judge/define-rule.ts';
import { mastersOf } from '../../src/judge/readings/api-server.ts';
import { apiServerClock, hostClocks, skewOf } from '../../src/judge/readings/host-clock.ts';
import { endBySilence } from '../../src/judge/readings/silence.ts';
import { sameDirection, serverSkew } from '../../src/judge/readings/skew.ts';
import { effectsOfSkew, judgeServerSkew, planToSetClocks, skewReasons } from './judging/server-skew.ts';

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
  reasons: skewReasons,
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
    const skew = own && skewOf(subject.keys.node ?? subject.id, own, clocks, limits.agree);
    if (!tries.some((one) => one.outcome.kind === 'answered'))
      endBySilence('api.ready', subject, `the API server on ${subject.name} did not answer, so it told no time`, look);
    if (own === undefined) return undecided(`the API server on ${subject.name} told no time, or times that contradict each other`, look);
    return judgeServerSkew(subject, skew, limits, look);
  },
  explains: [
    ...effectsOfSkew(),
    {
      to: 'clock-kubelet-skew',
      kind: 'causes',
      on: 'node',
      because: 'the API server and the kubelet of one machine share its clock',
      when: sameDirection,
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
  fixes: planToSetClocks,
  avoid: ({ subjects }) =>
    subjects.length > 1
      ? ['set two clocks at once: find out first which of them is right']
      : ['set the clocks of the other masters to match this one'],
  reading: ['https://etcd.io/docs/v3.6/op-guide/hardware/', 'https://kubernetes.io/docs/setup/best-practices/certificates/'],
  errors: ['x509: certificate has expired or is not yet valid: current time', 'token used before issued', 'token is not valid yet'],
});
