// Fault: one etcd member is gone.
import { defineFault } from '../fault.ts';
import { startService, stopService } from '../services.ts';
import { removeStaticPod, returnStaticPod } from '../static-pods.ts';

export default defineFault({
  name: 'etcd-stopped',
  breaks: 'one etcd member: its manifest is moved away (an external one is stopped), its ports refuse',
  place: 'etcd',
  parameters: {},
  inject: (lab, target) => (target.role === 'etcd' ? stopService(lab, target.name, 'etcd') : removeStaticPod(lab, target.name, 'etcd')),
  heal: (lab, target) => (target.role === 'etcd' ? startService(lab, target.name, 'etcd') : returnStaticPod(lab, target.name, 'etcd')),
  settles: { seconds: 110, what: 'the API server beside it was restarted by its liveness probe and hangs or refuses' },
});
