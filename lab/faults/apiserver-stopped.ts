// Fault: one API server is gone.
import { defineFault } from '../fault.ts';
import { removeStaticPod, returnStaticPod } from '../static-pods.ts';

export default defineFault({
  name: 'apiserver-stopped',
  breaks: 'the API server of one master: its manifest is moved away, its port refuses',
  place: 'master',
  parameters: {},
  inject: (lab, target) => removeStaticPod(lab, target.name, 'kube-apiserver'),
  heal: (lab, target) => returnStaticPod(lab, target.name, 'kube-apiserver'),
  settles: { seconds: 60, what: 'the node is Unknown, because its kubelet reports to this API server' },
});
