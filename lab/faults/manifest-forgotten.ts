// Fault: a manifest was moved away for planned work and never brought back.
import { defineFault } from '../fault.ts';
import { asComponent, removeStaticPod, returnStaticPod } from '../static-pods.ts';

export default defineFault({
  name: 'manifest-forgotten',
  breaks: 'one static pod: its manifest is moved away',
  place: 'master',
  parameters: {
    component: { means: 'kube-apiserver, kube-controller-manager, kube-scheduler or etcd', default: 'kube-scheduler' },
  },
  inject: (lab, target, { component }) => removeStaticPod(lab, target.name, asComponent(component)),
  heal: (lab, target, { component }) => returnStaticPod(lab, target.name, asComponent(component)),
  settles: { seconds: 60, what: 'whoever waits for it has given up' },
});
