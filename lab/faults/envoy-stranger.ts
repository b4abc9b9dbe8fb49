// Fault: Envoy leads to a machine that is no master, in the place of one that is.
import { envoyConfig } from '../envoy.ts';
import { defineFault } from '../fault.ts';
import { useEnvoyConfig } from '../services.ts';

export default defineFault({
  name: 'envoy-stranger',
  breaks: 'Envoy’s list of hosts: the address of one master was replaced by one that is none',
  place: 'lb',
  parameters: {
    instead: { means: 'whose address is gone', default: 'm2' },
    address: { means: 'what stands there now', default: '10.89.0.21' },
  },
  inject: async (lab, target, { instead, address }) => {
    const masters = lab.masters.map((master) => (master.name === instead ? { ...master, address } : master));
    await useEnvoyConfig(lab, target.name, envoyConfig(masters));
  },
  heal: (lab, target) => useEnvoyConfig(lab, target.name, envoyConfig(lab.masters)),
  settles: { seconds: 10, what: 'Envoy calls the stranger dead' },
});
