// Was any lease renewed at a time that has not come yet?
import { defineRule, fail, notApplicable, pass, undecided } from '../../src/judge/define-rule.ts';
import { planToSetClock } from '../../src/judge/plans/set-clock.ts';
import { describeBounds } from '../../src/judge/readings/clock.ts';
import { leaseSubjects } from '../../src/judge/readings/lease.ts';
import { findLease } from '../../src/judge/readings/lease-place.ts';
import { isOneOfSeveral, leadOf, othersThan } from '../../src/judge/readings/renewal-clock.ts';
import { serverSkew } from '../../src/judge/readings/skew.ts';
import type { LeaseSeen, ServerClock } from '../../src/model/kubernetes.ts';
import type { Seen } from '../../src/model/rule.ts';
import type { Subject } from '../../src/model/subject.ts';
import { keysOn } from '../../src/model/topology.ts';

const heartbeats = 'kube-node-lease';

export default defineRule({
  id: 'le-renew-in-future',
  area: 'leader',
  since: '0.2.0',
  severity: 'warning',
  impact: 'at-risk',
  layer: 5,
  title: 'the lease of {name} was renewed {lead} in the future',
  healthy: 'no lease was renewed in the future',
  why: 'Whoever wrote it has a clock that is ahead. Elections and readiness go by what changes and not by what is written, so both go on.',
  shows: ['{name}  held by {holder}, renewed {lead} ahead of {against}'],
  folded: '{lead} ahead',
  needs: ['kube.leases', 'kube.node-leases', 'kube.control-plane-pods', 'kube.nodes', 'api.ready', 'api.clock', 'etcd.clock'],
  limits: {
    agree: serverSkew.agree,
    lead: { value: 1000, unit: 'milliseconds', source: 'etcd server/etcdserver/api/rafthttp/probing_status.go: warns of skew above 1 s' },
    critical: { value: 60_000, unit: 'milliseconds', source: 'kubernetes pkg/serviceaccount/claims.go: leeway of one minute for tokens' },
  },
  reasons: [],
  subjects: (seen) => [...leaseSubjects(seen), ...seen.get('kube.nodes').nodes.map(({ name }) => heartbeatOf(seen, name))],
  judge: (seen, limits, subject) => {
    const { lease, clock } = find(seen, subject);
    const look = 'kubectl get leases -A -o custom-columns=NAME:.metadata.name,RENEWED:.spec.renewTime; date -u';
    if (lease?.renewedAt === undefined) return notApplicable('there is no such lease, or it was never renewed');
    if (clock === undefined) return undecided('the API server that gave the leases told no time', look);
    const reference = othersThan(seen, subject.keys.node);
    if (reference === undefined) return undecided('no other machine of the control plane told the time', look);
    if (isOneOfSeveral(seen, subject.keys.node, reference))
      return undecided(`only ${reference.names.join()} told the time, which may be off itself`, look);
    const lead = leadOf(lease.renewedAt, clock, reference);
    const facts = { name: subject.name, holder: lease.holder, lead: describeBounds(lead), against: reference.names.join(', ') };
    if (lead.low > limits.lead)
      return fail(facts, {
        severity: lead.low > limits.critical ? 'critical' : 'warning',
        witness: reference.names.length > 1 ? 'agreed' : 'measured',
      });
    if (lead.high <= limits.agree) return pass(facts);
    return undecided(`undecided: the lease of ${subject.name} was renewed ${facts.lead} from now by ${facts.against}`, look);
  },
  explains: [],
  fixes: ({ verdicts }, seen) => {
    const nodes = [...new Set(verdicts.flatMap(({ subject }) => subject.keys.node ?? []))];
    return nodes.flatMap((node) => planToSetClock(node, 'ahead', seen));
  },
  avoid: () => ['delete the lease: the next renewal writes the same wrong time'],
  reading: ['https://pkg.go.dev/k8s.io/client-go/tools/leaderelection'],
});

function heartbeatOf(seen: Seen, node: string): Subject {
  const id = `${heartbeats}/Lease/${node}`;
  return { kind: 'object', id, name: `kubelet on ${node}`, keys: { ...keysOn(seen.topology, node), object: id } };
}

function find(
  seen: Seen<'kube.leases' | 'kube.node-leases' | 'kube.control-plane-pods'>,
  subject: Subject,
): { readonly lease?: LeaseSeen | undefined; readonly clock?: ServerClock | undefined } {
  if (!subject.id.startsWith(`${heartbeats}/`)) {
    const { leases, clock } = seen.get('kube.leases');
    return { lease: findLease(seen, leases, subject.name), clock };
  }
  const { leases, clock } = seen.get('kube.node-leases');
  return { lease: leases.find((one) => subject.id === `${heartbeats}/Lease/${one.name}`), clock };
}
