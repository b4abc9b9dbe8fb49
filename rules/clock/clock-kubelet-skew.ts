// Does each node's clock agree with those of the control plane? Its kubelet writes the time into its heartbeats.
import { shellWord } from '../../src/judge/shell-word.ts';
import { defineRule, fail, pass, undecided } from '../../src/judge/define-rule.ts';
import { planToSetClock } from '../../src/judge/plans/set-clock.ts';
import { describeBounds, surelyBeyond, surelyWithin } from '../../src/judge/readings/clock.ts';
import { apartFrom, isOneOfSeveral, kubeletClock, othersThan, renewalLimits, storedAgo } from '../../src/judge/readings/renewal-clock.ts';
import { aheadOrBehind, kubeletSkew } from '../../src/judge/readings/skew.ts';
import { keysOn } from '../../src/model/topology.ts';

export default defineRule({
  id: 'clock-kubelet-skew',
  area: 'clock',
  since: '0.2.0',
  severity: 'warning',
  impact: 'at-risk',
  layer: 0,
  title: 'the clock of {node} is off by {skew}, by its kubelet’s heartbeats',
  healthy: 'the nodes’ clocks agree with the control plane’s',
  why: 'Its certificates and tokens count as not yet valid or as ended, its logs and events lie about when; it stays Ready all the same.',
  shows: ['{node}  {skew} against {against}', '  heartbeats of its kubelet: what it wrote, and when an API server stored it'],
  folded: 'its kubelet writes {skew}',
  needs: ['kube.node-leases', 'kube.nodes', 'api.ready', 'api.clock', 'etcd.clock'],
  limits: {
    ...kubeletSkew,
    ...renewalLimits,
    critical: { value: 60_000, unit: 'milliseconds', source: 'kubernetes pkg/serviceaccount/claims.go: leeway of one minute for tokens' },
    current: {
      value: 40,
      unit: 'seconds',
      source: 'kubernetes kubelet nodeLeaseDurationSeconds: a kubelet that is silent for longer is not heard',
    },
  },
  reasons: ['ahead', 'behind'],
  subjects: (seen) => seen.get('kube.nodes').nodes.map(({ name }) => ({ kind: 'node', id: name, name, keys: keysOn(seen.topology, name) })),
  judge: (seen, limits, subject) => {
    const node = subject.id;
    const { leases, clock } = seen.get('kube.node-leases');
    const lease = leases.find((one) => one.name === node);
    const look = `kubectl -n kube-node-lease get lease ${shellWord(node)} -o jsonpath='{.spec.renewTime} {.metadata.managedFields[*].time}{"\\n"}' --show-managed-fields; date -u`;
    if (lease?.renewedAt === undefined || clock === undefined) return undecided(`the kubelet of ${node} left no heartbeat`, look);
    const own = kubeletClock(seen, node, limits);
    const reference = othersThan(seen, node);
    if (reference === undefined) return undecided('no machine of the control plane told the time', look);
    if (isOneOfSeveral(seen, node, reference))
      return undecided(`only ${reference.names.join()} told the time, which may be off itself`, look);
    if (own === undefined) return undecided(`the heartbeats of ${node} contradict each other: its clock was set meanwhile`, look);
    const skew = apartFrom(own, reference);
    const facts = { node, skew: describeBounds(skew), against: reference.names.join(', ') };
    const [severity, impact] = surelyBeyond(skew, limits.critical)
      ? (['critical', 'degraded'] as const)
      : (['warning', 'at-risk'] as const);
    const verdict = { severity, impact, reason: aheadOrBehind(skew), witness: 'agreed' } as const;
    // A time that nobody else has reached yet can only come from a clock that is ahead, however old the heartbeat is.
    if (skew.low > limits.skew) return fail(facts, { ...verdict, reason: 'ahead' });
    const ago = storedAgo(seen, node);
    if (ago === undefined) return undecided(`nobody says when the heartbeat of ${node} was stored`, look);
    if (ago > limits.current * 1000)
      return undecided(`the kubelet of ${node} is silent, so what its clock shows now is not known`, `on ${node}: date -u`);
    if (surelyBeyond(skew, limits.skew)) return fail(facts, verdict);
    if (surelyWithin(skew, limits.agree)) return pass(facts);
    return undecided(`undecided: the clock of ${node} is ${facts.skew} from ${facts.against}`, look);
  },
  explains: [
    {
      to: 'le-renew-in-future',
      kind: 'causes',
      on: 'node',
      because: 'its kubelet writes its own time into its heartbeats',
      when: ({ cause }) => (cause.reason === 'ahead' ? 'yes' : 'no'),
    },
  ],
  fixes: ({ verdicts }, seen) =>
    verdicts.flatMap(({ subject, reason }) => planToSetClock(subject.name, reason === 'ahead' ? 'ahead' : 'behind', seen)),
  avoid: () => ['look for this in the node’s readiness: it is judged by when heartbeats arrive, not by what they say'],
  reading: ['https://kubernetes.io/docs/concepts/architecture/nodes/#heartbeats'],
  errors: ['x509: certificate has expired or is not yet valid: current time'],
});
