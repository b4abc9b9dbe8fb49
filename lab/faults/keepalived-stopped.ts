// Fault: keepalived does not run on a load balancer.
import { defineFault } from '../fault.ts';
import { startService, stopService } from '../services.ts';

export default defineFault({
  name: 'keepalived-stopped',
  breaks: 'keepalived on one load balancer: it has ended, and lets the address go',
  place: 'lb',
  parameters: {},
  inject: (lab, target) => stopService(lab, target.name, 'keepalived'),
  heal: (lab, target) => startService(lab, target.name, 'keepalived'),
  settles: { seconds: 5, what: 'the other one, if it runs, has the address' },
});
