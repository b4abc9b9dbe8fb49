// Fault: somebody took an API server out of the load balancer for planned work and forgot it.
import { defineFault } from '../fault.ts';
import { askHaproxy } from '../haproxy.ts';

export default defineFault({
  name: 'haproxy-server-disabled',
  breaks: "one API server's place behind HAProxy: set to maintenance by hand; the server itself is well",
  place: 'master',
  parameters: {},
  inject: (lab, target) => askHaproxy(lab, `set server masters/${target.name} state maint`),
  heal: (lab, target) => askHaproxy(lab, `set server masters/${target.name} state ready`),
  leavesNoTrace: true,
  settles: { seconds: 1, what: 'the statistics say MAINT' },
});
