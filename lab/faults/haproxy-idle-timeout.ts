// Fault: the load balancer cuts connections on which nothing was said for a moment.
import { defineFault } from '../fault.ts';
import { haproxyConfig } from '../haproxy.ts';
import { useHaproxyConfig } from '../services.ts';

export default defineFault({
  name: 'haproxy-idle-timeout',
  breaks: 'HAProxy’s time-outs: idle connections are cut after some seconds',
  place: 'lb',
  parameters: { seconds: { means: 'how long they may be idle', default: '5' } },
  inject: async (lab, target, { seconds }) => {
    const config = haproxyConfig(lab.masters).replace(/^( {2}timeout (?:client|server|tunnel)) .*$/gm, `$1 ${Number(seconds)}s`);
    await useHaproxyConfig(lab, target.name, config);
  },
  heal: (lab, target) => useHaproxyConfig(lab, target.name, haproxyConfig(lab.masters)),
  settles: { seconds: 20, what: 'every connection that was idle has been cut once' },
});
