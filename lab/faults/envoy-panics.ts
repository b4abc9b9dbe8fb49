// Fault: Envoy is left with the panic threshold that it has of its own.
import { envoyConfig } from '../envoy.ts';
import { defineFault } from '../fault.ts';
import { useEnvoyConfig } from '../services.ts';

export default defineFault({
  name: 'envoy-panics',
  breaks: 'Envoy’s panic threshold: where fewer hosts are healthy, all of them get clients, dead or not',
  place: 'lb',
  parameters: { below: { means: 'percentage of healthy hosts', default: '50' } },
  inject: (lab, target, { below }) => useEnvoyConfig(lab, target.name, envoyConfig(lab.masters, { panicBelow: Number(below) })),
  heal: (lab, target) => useEnvoyConfig(lab, target.name, envoyConfig(lab.masters)),
  settles: { seconds: 10, what: 'every host has been checked again' },
});
