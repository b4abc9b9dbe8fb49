// When did each kubelet last reach the API?
import { defineProbe } from '../probe.ts';
import { gatherList } from '../shared/kubernetes.ts';
import { readLeases } from '../shared/leases.ts';

export default defineProbe({
  id: 'kube.node-leases',
  title: 'heartbeats of the nodes',
  why: 'A heartbeat that stopped shows a lost node before its condition does.',
  reads: [{ verb: 'list', group: 'coordination.k8s.io', resource: 'leases', namespace: 'kube-node-lease' }],
  after: [],
  again: 'more',
  timeoutMs: 9000,
  gather: (_subject, around) =>
    gatherList('/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases', 'the heartbeats of the nodes', around),
  read: readLeases,
});
