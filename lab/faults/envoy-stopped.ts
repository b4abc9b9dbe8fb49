// Fault: the load balancer's process is gone, where that is an Envoy.
import { defineFault } from '../fault.ts';
import { startService, stopService } from '../services.ts';

export default defineFault({
  name: 'envoy-stopped',
  breaks: 'Envoy: its process has ended, its ports refuse; the API servers are well',
  place: 'lb',
  parameters: {},
  inject: (lab, target) => stopService(lab, target.name, 'envoy'),
  heal: (lab, target) => startService(lab, target.name, 'envoy'),
  leavesNoTrace: true,
  settles: { seconds: 60, what: 'workers, whose kubelet uses the load balancer, are Unknown' },
});
