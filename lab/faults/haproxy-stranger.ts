// Fault: the load balancer leads to a machine that is no master, in the place of one that is.
import { defineFault } from '../fault.ts';
import { haproxyConfig } from '../haproxy.ts';
import { useHaproxyConfig } from '../services.ts';

export default defineFault({
  name: 'haproxy-stranger',
  breaks: 'HAProxy’s list of servers: the address of one master was replaced by one that is none',
  place: 'lb',
  parameters: {
    instead: { means: 'whose address is gone', default: 'm2' },
    address: { means: 'what stands there now', default: '10.89.0.21' },
  },
  inject: async (lab, target, { instead, address }) => {
    const masters = lab.masters.map((master) => (master.name === instead ? { ...master, address } : master));
    await useHaproxyConfig(lab, target.name, haproxyConfig(masters));
  },
  heal: (lab, target) => useHaproxyConfig(lab, target.name, haproxyConfig(lab.masters)),
  settles: { seconds: 10, what: 'HAProxy has taken the stranger out' },
});
