// Who leads the controller manager and the scheduler, and which API servers say that they live?
import { defineProbe } from '../probe.ts';
import { gatherList } from '../shared/kubernetes.ts';
import { readLeases } from '../shared/leases.ts';

export default defineProbe({
  id: 'kube.leases',
  title: 'leases of kube-system',
  why: 'A leader that stopped renewing means that nothing is scheduled or repaired.',
  reads: [{ verb: 'list', group: 'coordination.k8s.io', resource: 'leases', namespace: 'kube-system' }],
  after: [],
  again: 'more',
  timeoutMs: 9000,
  gather: (_subject, around) =>
    gatherList('/apis/coordination.k8s.io/v1/namespaces/kube-system/leases', 'the leases of kube-system', around),
  read: readLeases,
});
