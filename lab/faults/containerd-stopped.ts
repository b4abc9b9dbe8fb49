// Fault: one machine has no container runtime any more.
import { defineFault } from '../fault.ts';
import { startService, stopService } from '../services.ts';

export default defineFault({
  name: 'containerd-stopped',
  breaks: 'containerd of one machine; running containers live on, and nothing can be started, probed or restarted there',
  place: 'kubelet',
  parameters: {},
  inject: (lab, target) => stopService(lab, target.name, 'containerd'),
  heal: (lab, target) => startService(lab, target.name, 'containerd'),
  settles: { seconds: 60, what: 'its kubelet says NotReady: container runtime is down' },
});
