// Fault: one etcd member cannot start, because somebody mistyped a flag.
import { defineFault } from '../fault.ts';
import { breakStaticPod, undoEdits } from '../static-pods.ts';

export default defineFault({
  name: 'etcd-bad-flag',
  breaks: 'the manifest of one etcd member: a flag it does not know, so that it ends at each start',
  place: 'etcd',
  parameters: { flag: { means: 'added to the command line', default: '--auto-compaction-retentoin=8h' } },
  inject: (lab, target, { flag }) =>
    breakStaticPod(lab, target.name, 'etcd', (container) => {
      container.command = [...container.command, flag];
    }),
  heal: (lab, target) => undoEdits(lab, target.name, ['etcd']),
  settles: { seconds: 110, what: 'the API server beside it was restarted by its liveness probe and hangs or refuses' },
});
