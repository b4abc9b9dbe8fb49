// Fault: the load balancer cuts connections on which nothing was said for a moment.
import { defineFault } from '../fault.ts';
import { haproxyConfig, haproxyConfigFile } from '../haproxy.ts';
import { reloadHaproxy } from '../services.ts';
import { writeOnNode } from '../node-files.ts';

export default defineFault({
  name: 'haproxy-idle-timeout',
  breaks: 'HAProxy’s time-outs: idle connections are cut after some seconds',
  place: 'lb',
  parameters: { seconds: { means: 'how long they may be idle', default: '5' } },
  inject: async (lab, target, { seconds }) => {
    const config = haproxyConfig(lab.masters).replace(/^( {2}timeout (?:client|server|tunnel)) .*$/gm, `$1 ${Number(seconds)}s`);
    await writeOnNode(lab, target.name, haproxyConfigFile, config);
    await reloadHaproxy(lab, target.name);
  },
  heal: async (lab, target) => {
    await writeOnNode(lab, target.name, haproxyConfigFile, haproxyConfig(lab.masters));
    await reloadHaproxy(lab, target.name);
  },
  settles: { seconds: 20, what: 'every connection that was idle has been cut once' },
});
