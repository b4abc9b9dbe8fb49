// Fault: the load balancers do not hear each other.
import { defineFault } from '../fault.ts';
import { allowTraffic, dropTraffic } from '../firewall.ts';

const name = 'vrrp-blocked';

export default defineFault({
  name,
  breaks: 'VRRP (IP protocol 112) at one load balancer: its advertisements do not leave, and none reach it',
  place: 'lb',
  parameters: {},
  inject: (lab, target) => dropTraffic(lab, target.name, name, { incoming: ['meta l4proto 112'], outgoing: ['meta l4proto 112'] }),
  heal: (lab, target) => allowTraffic(lab, target.name, name),
  settles: { seconds: 5, what: 'both hold the address' },
});
