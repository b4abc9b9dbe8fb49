// Is there a lease by which each controller elects its leader?
import { homeOf, lookAt, readLog } from '../../src/judge/readings/component-home.ts';
import { say } from '../../src/model/sentence.ts';
import { defineRule, fail, notApplicable, pass, undecided } from '../../src/judge/define-rule.ts';
import { electsNowhere } from '../../src/judge/readings/election.ts';
import { leaseSubjects } from '../../src/judge/readings/lease.ts';
import { findLease, getLease, leasePlace, oldLockOf } from '../../src/judge/readings/lease-place.ts';

export default defineRule({
  id: 'le-lease-missing',
  area: 'leader',
  since: '0.1.0',
  severity: 'critical',
  impact: 'degraded',
  layer: 5,
  title: '{component} has no lease: none of its instances ever led',
  healthy: 'controller manager and scheduler have their leases',
  why: 'No {component} has started its work since the lease went: what it looks after stands still. Running Pods keep running.',
  shows: ['kube-system/{lease} is not there; {instances} instances of {component} are listed'],
  folded: '{component} has no lease',
  needs: ['kube.leases', 'kube.old-locks', 'kube.control-plane-pods', 'kube.nodes', 'kube.node-leases', 'here.files'],
  limits: {},
  reasons: [],
  subjects: (seen) => leaseSubjects(seen).map(({ id, ...subject }) => ({ ...subject, id, keys: { object: id } })),
  judge: (seen, _limits, subject) => {
    const { leases } = seen.get('kube.leases');
    if (electsNowhere(seen, subject.name)) return notApplicable(`${subject.name} runs without leader election`);
    const { namespace, name } = leasePlace(seen, subject.name);
    if (namespace !== 'kube-system') {
      return undecided(`${subject.name} keeps its lease in the namespace ${namespace}`, getLease(seen, subject.name));
    }
    const old = oldLockOf(seen, subject.name);
    if (findLease(seen, leases, subject.name) !== undefined) return pass({ component: subject.name, lease: name });
    if (old !== undefined) {
      const { leases: locks } = seen.get('kube.old-locks');
      const isThere = locks.some((one) => one.namespace === namespace && one.name === name);
      if (isThere) return notApplicable(`${subject.name} elects by an annotation of ${old.resource}, as --leader-elect-resource-lock says`);
      return undecided(`${subject.name} elects by ${old.resource}, and nobody stands there as its leader`, getLease(seen, subject.name));
    }
    if (seen.topology.platform.kind === 'managed') return notApplicable('the provider runs the controllers and need not show their leases');
    const instances = seen.get('kube.control-plane-pods').pods.filter((pod) => pod.component === subject.name).length;
    // Where nobody sees an instance it may run without an election, as in k3s without etcd, or by a lock of its own.
    const isMeant =
      instances > 0 || (seen.topology.platform.kind === 'kubeadm' && seen.get('kube.nodes').nodes.some((node) => node.controlPlane));
    if (!isMeant)
      return undecided(`nothing shows that ${subject.name} is meant to elect a leader here`, `on a master: ps -ef | grep ${subject.name}`);
    return fail({ component: subject.name, lease: name, instances }, { witness: 'stated' });
  },
  explains: [],
  fixes: ({ verdicts }, seen) =>
    verdicts.map(({ facts }) => {
      const component = String(facts['component']);
      const node = seen.topology.masters[0]?.subject.name ?? 'a master';
      const home = homeOf(seen, component, node);
      return {
        do: say('See why no {component} gets to lead', { component }),
        where: node,
        run: [...lookAt(home), ...readLog(home, {})],
        risk: 'none',
        needs: [],
        verify: [`${getLease(seen, component)}   # on the next look renewTime has moved on`],
      };
    }),
  avoid: () => ['create the lease by hand: whoever is named in it is waited for'],
  reading: ['https://kubernetes.io/docs/concepts/architecture/leases/#leader-election'],
  errors: ['leases.coordination.k8s.io "kube-scheduler" not found', 'leases.coordination.k8s.io "kube-controller-manager" not found'],
});
