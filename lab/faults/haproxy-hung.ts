// Fault: the load balancer accepts connections and passes nothing on.
import { defineFault } from '../fault.ts';
import { signalProgram } from '../services.ts';

export default defineFault({
  name: 'haproxy-hung',
  breaks: 'HAProxy: SIGSTOP, its ports accept and nothing answers; the API servers are well',
  place: 'lb',
  parameters: {},
  inject: (lab, target) => signalProgram(lab, target.name, 'haproxy', 'STOP'),
  heal: (lab, target) => signalProgram(lab, target.name, 'haproxy', 'CONT'),
  leavesNoTrace: true,
  settles: { seconds: 60, what: 'workers, whose kubelet uses the load balancer, are Unknown' },
});
