// Fault that is none: locks of a release before Lease objects were left when the cluster was upgraded.
import { defineFault } from '../fault.ts';
import { asObjects } from '../manifests.ts';

/** As client-go wrote it until release 1.24: the record is an annotation. */
function lock(kind: 'ConfigMap' | 'Endpoints', name: string): string {
  const record = {
    holderIdentity: 'm1_5a1e0a5b-4f3e-4c62-9a43-6a8f1b3ac001',
    leaseDurationSeconds: 15,
    acquireTime: '2021-03-04T05:06:07Z',
    renewTime: '2022-03-04T05:06:07Z',
    leaderTransitions: 3,
  };
  const annotations = { 'control-plane.alpha.kubernetes.io/leader': JSON.stringify(record) };
  return JSON.stringify({ apiVersion: 'v1', kind, metadata: { name, namespace: 'kube-system', annotations } });
}

const manifests = ['kube-scheduler', 'kube-controller-manager']
  .flatMap((name) => [lock('ConfigMap', name), lock('Endpoints', name)])
  .join('\n');

export default defineFault({
  name: 'old-lock-left',
  breaks: 'nothing: ConfigMaps and Endpoints of controllers hold locks that nobody has used since an upgrade years ago',
  place: 'cluster',
  parameters: {},
  ...asObjects(manifests),
  leavesNoTrace: true,
  settles: { seconds: 1, what: 'the objects are there' },
});
