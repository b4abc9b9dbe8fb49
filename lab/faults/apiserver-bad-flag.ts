// Fault: one API server cannot start, because somebody mistyped a flag.
import { defineFault } from '../fault.ts';
import { breakStaticPod, undoEdits } from '../static-pods.ts';

export default defineFault({
  name: 'apiserver-bad-flag',
  breaks: 'the manifest of one API server: a flag it does not know, so that it ends at each start',
  place: 'master',
  parameters: { flag: { means: 'added to the command line', default: '--enable-admision-plugins=NodeRestriction' } },
  inject: (lab, target, { flag }) =>
    breakStaticPod(lab, target.name, 'kube-apiserver', (container) => {
      container.command = [...container.command, flag];
    }),
  heal: (lab, target) => undoEdits(lab, target.name, ['kube-apiserver']),
  settles: { seconds: 90, what: 'the kubelet waits in back-off, and its node is Unknown' },
});
