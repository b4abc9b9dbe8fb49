// Fault: HAProxy only looks whether the port opens.
import { defineFault } from '../fault.ts';
import { haproxyConfig, haproxyConfigFile } from '../haproxy.ts';
import { reloadHaproxy } from '../services.ts';
import { writeOnNode } from '../node-files.ts';

export default defineFault({
  name: 'haproxy-tcp-check',
  breaks: "HAProxy's health check: a bare TCP connect, so that an API server that is not ready stays in",
  place: 'lb',
  parameters: {},
  inject: async (lab, target) => {
    await writeOnNode(lab, target.name, haproxyConfigFile, haproxyConfig(lab.masters, 'tcp'));
    await reloadHaproxy(lab, target.name);
  },
  heal: async (lab, target) => {
    await writeOnNode(lab, target.name, haproxyConfigFile, haproxyConfig(lab.masters));
    await reloadHaproxy(lab, target.name);
  },
  leavesNoTrace: true,
  settles: { seconds: 6, what: 'the new check has run three times' },
});
