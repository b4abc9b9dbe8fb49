// Fault: packets to the load balancer's API port vanish.
import { defineFault } from '../fault.ts';
import { allowTraffic, dropTraffic } from '../firewall.ts';
import { loadBalancerPort } from '../topology.ts';

const name = 'lb-port-dropped';

export default defineFault({
  name,
  breaks: 'the API port of the load balancer: packets to it are dropped; its statistics still answer',
  place: 'lb',
  parameters: {},
  inject: (lab, target) => dropTraffic(lab, target.name, name, { incoming: [`tcp dport ${loadBalancerPort}`], outgoing: [] }),
  heal: (lab, target) => allowTraffic(lab, target.name, name),
  leavesNoTrace: true,
  settles: { seconds: 60, what: 'workers, whose kubelet uses the load balancer, are Unknown' },
});
