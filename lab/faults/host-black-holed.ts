// Fault: a whole machine is off the network.
import { defineFault } from '../fault.ts';
import { allowTraffic, dropTraffic } from '../firewall.ts';

const name = 'host-black-holed';

export default defineFault({
  name,
  breaks: 'the network of one machine: every packet on eth0 is dropped, in and out, nothing is refused',
  place: 'machine',
  parameters: {},
  inject: (lab, target) => dropTraffic(lab, target.name, name, { incoming: ['iifname "eth0"'], outgoing: ['oifname "eth0"'] }),
  heal: (lab, target) => allowTraffic(lab, target.name, name),
  settles: { seconds: 60, what: 'its node is Unknown' },
});
