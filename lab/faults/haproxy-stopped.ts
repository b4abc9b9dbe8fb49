// Fault: the load balancer's process is gone.
import { defineFault } from '../fault.ts';
import { startService, stopService } from '../services.ts';

export default defineFault({
  name: 'haproxy-stopped',
  breaks: 'HAProxy: its process has ended, its port refuses; the API servers are well',
  place: 'lb',
  parameters: {},
  inject: (lab, target) => stopService(lab, target.name, 'haproxy'),
  heal: (lab, target) => startService(lab, target.name, 'haproxy'),
  leavesNoTrace: true,
  settles: { seconds: 60, what: 'workers, whose kubelet uses the load balancer, are Unknown' },
});
