// Fault: one master's static pod names an image that nobody has, as when the registry lacks it during an upgrade.
import { defineFault } from '../fault.ts';
import { asComponent, breakStaticPod, undoEdits } from '../static-pods.ts';

export default defineFault({
  name: 'image-missing',
  breaks: 'one static pod: its image cannot be pulled, the old container is gone',
  place: 'master',
  parameters: { component: { means: 'kube-apiserver, kube-controller-manager, kube-scheduler or etcd', default: 'etcd' } },
  inject: (lab, target, { component }) =>
    breakStaticPod(lab, target.name, asComponent(component), (container) => {
      container.image = `${container.image}-not-there`;
    }),
  heal: (lab, target, { component }) => undoEdits(lab, target.name, [asComponent(component)]),
  settles: { seconds: 110, what: 'the API server beside it was restarted by its liveness probe' },
});
