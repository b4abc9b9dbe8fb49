// Does this etcd member's clock agree with those of the other machines of the control plane?
import { defineRule, notApplicable } from '../../src/judge/define-rule.ts';
import { hostClocks, memberClock, skewOf } from '../../src/judge/readings/host-clock.ts';
import { membersOf } from '../../src/judge/readings/member.ts';
import { sameDirection, serverSkew } from '../../src/judge/readings/skew.ts';
import { effectsOfSkew, judgeServerSkew, planToSetClocks, skewReasons } from './judging/server-skew.ts';

export default defineRule({
  id: 'clock-etcd-skew',
  area: 'clock',
  since: '0.1.0',
  severity: 'warning',
  impact: 'at-risk',
  layer: 0,
  title: 'the clock of etcd member {node} is off by {skew} against {against}',
  healthy: 'the clocks of the etcd members agree',
  why: 'etcd itself elects and writes on, but certificates count as not yet valid or as ended on one member and not on the next.',
  shows: ['{node} {address}  {skew} against {against}'],
  folded: '{skew}',
  needs: ['etcd.clock', 'api.ready', 'api.clock', 'kube.control-plane-pods'],
  limits: {
    ...serverSkew,
  },
  reasons: skewReasons,
  subjects: (seen) =>
    membersOf(seen)
      .filter((member) => member.started)
      .map((member) => member.subject),
  judge: (seen, limits, subject) => {
    const member = membersOf(seen).find((one) => one.subject.id === subject.id);
    if (seen.topology.membersComplete && seen.topology.members.length === 1 && seen.topology.masters.length <= 1) {
      return notApplicable('a single machine has no other clock to disagree with');
    }
    seen.get('etcd.clock', subject);
    const own = member && memberClock(seen, member);
    const node = subject.keys.node ?? subject.id;
    const skew = own && skewOf(node, own, hostClocks(seen), limits.agree);
    const look = `date -u   # on ${node} and on another machine at the same time`;
    return judgeServerSkew(subject, skew, limits, look);
  },
  explains: [
    ...effectsOfSkew(),
    {
      to: 'clock-kubelet-skew',
      kind: 'causes',
      on: 'node',
      because: 'the member and the kubelet of one machine share its clock',
      when: sameDirection,
    },
  ],
  fixes: planToSetClocks,
  avoid: () => ['restart etcd for this: it does not elect by the clock'],
  reading: ['https://etcd.io/docs/v3.6/op-guide/hardware/'],
  errors: ['prober found high clock drift'],
});
