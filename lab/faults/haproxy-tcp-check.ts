// Fault: HAProxy only looks whether the port opens.
import { defineFault } from '../fault.ts';
import { haproxyConfig } from '../haproxy.ts';
import { useHaproxyConfig } from '../services.ts';

export default defineFault({
  name: 'haproxy-tcp-check',
  breaks: "HAProxy's health check: a bare TCP connect, so that an API server that is not ready stays in",
  place: 'lb',
  parameters: {},
  inject: async (lab, target) => {
    await useHaproxyConfig(lab, target.name, haproxyConfig(lab.masters, 'tcp'));
  },
  heal: (lab, target) => useHaproxyConfig(lab, target.name, haproxyConfig(lab.masters)),
  leavesNoTrace: true,
  settles: { seconds: 6, what: 'the new check has run three times' },
});
