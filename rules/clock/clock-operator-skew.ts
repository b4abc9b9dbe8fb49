// Does the clock of the machine that this tool runs on agree with those of the control plane?
import { defineRule, fail, pass, undecided } from '../../src/judge/define-rule.ts';
import { describeOffset, difference, surelyBeyond, surelyWithin } from '../../src/judge/readings/clock.ts';
import { hostClocks, hullOf, medianOf } from '../../src/judge/readings/host-clock.ts';
import { operatorSkew, serverSkew } from '../../src/judge/readings/skew.ts';

const look = 'kubectl get --raw /version -v 8 2>&1 | grep -i " date:"; date -u';

export default defineRule({
  id: 'clock-operator-skew',
  area: 'clock',
  since: '0.2.0',
  severity: 'warning',
  impact: 'at-risk',
  layer: 0,
  title: 'the clock of this machine is off: the control plane’s is {skew} from it',
  healthy: 'the clock of this machine agrees with the control plane’s',
  why: 'kubectl on this machine may refuse certificates that are valid, or show ages that are wrong. Ages in this report go by the servers’ clocks.',
  shows: ['{names} agree with each other and are {skew} from this machine'],
  folded: 'this machine’s clock is off by {skew}',
  needs: ['api.ready', 'api.clock', 'etcd.clock'],
  limits: {
    ...operatorSkew,
    agree: serverSkew.agree,
    clocks: { value: 2, unit: 'machines that agree', source: 'of two clocks alone nobody can say which is off' },
  },
  reasons: ['ahead', 'behind'],
  subjects: () => [{ kind: 'operator', id: 'operator', name: 'you', keys: {} }],
  judge: (seen, limits) => {
    const clocks = hostClocks(seen);
    if (clocks.length === 0) {
      for (const master of seen.topology.masters) seen.get('api.ready', master.subject);
      return undecided('no machine of the control plane told the time', look);
    }
    const offsets = clocks.map((clock) => clock.offset);
    const offset = offsets.length >= 3 ? medianOf(offsets) : hullOf(offsets);
    if (offset === undefined) return undecided('no machine of the control plane told the time', look);
    const names = clocks.map((clock) => clock.node).join(', ');
    const facts = { names, skew: describeOffset(offset) };
    const apart = offsets.some((one) => offsets.some((other) => !surelyWithin(difference(one, other), limits.agree)));
    if (surelyBeyond(offset, limits.skew)) {
      if (apart) return undecided('the clocks of the control plane do not agree with each other, so they cannot judge this one', look);
      if (clocks.length < limits.clocks) return undecided(`this machine and ${names} differ by ${facts.skew}: which is off is open`, look);
      // Their clock minus ours: where theirs is behind, ours is ahead.
      return fail(facts, { reason: offset.low > 0 ? 'behind' : 'ahead', witness: 'agreed' });
    }
    if (surelyWithin(offset, limits.skew)) return pass(facts);
    return undecided(`undecided: ${names} are ${facts.skew} from this machine`, look);
  },
  explains: [
    {
      to: 'api-credential-rejected',
      kind: 'causes',
      on: 'cluster',
      because: 'a token that this machine signs carries its time, and one from the future or the past is refused',
      produces: ['all'],
      when: (_link, seen) => (seen.get('operator.kubeconfig').credential.kind === 'plugin' ? 'unknown' : 'no'),
      unproven: true,
    },
  ],
  fixes: () => [
    {
      do: 'See who keeps the time on this machine',
      where: 'here',
      run: ['timedatectl'],
      risk: 'none',
      needs: [],
      verify: [],
    },
    {
      do: 'Let it set the clock',
      where: 'here',
      run: ['sudo systemctl restart chronyd || sudo systemctl restart systemd-timesyncd'],
      risk: 'low',
      needs: [{ text: 'nothing on this machine minds a clock that jumps', met: 'unknown' }],
      verify: ['timedatectl   # System clock synchronized: yes'],
    },
  ],
  avoid: () => ['set the clocks of the cluster to match this one'],
  reading: ['https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins'],
  errors: ['x509: certificate has expired or is not yet valid: current time', 'Signature expired', 'Signature not yet current'],
});
