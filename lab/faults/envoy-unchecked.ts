// Fault: Envoy asks none of its hosts how they are.
import { envoyConfig } from '../envoy.ts';
import { defineFault } from '../fault.ts';
import { useEnvoyConfig } from '../services.ts';

export default defineFault({
  name: 'envoy-unchecked',
  breaks: 'Envoy’s active checks: there are none, every host gets clients whatever it does',
  place: 'lb',
  parameters: {},
  inject: (lab, target) => useEnvoyConfig(lab, target.name, envoyConfig(lab.masters, { check: 'none' })),
  heal: (lab, target) => useEnvoyConfig(lab, target.name, envoyConfig(lab.masters)),
  settles: { seconds: 5, what: 'Envoy has started again' },
});
