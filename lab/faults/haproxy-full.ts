// Fault: the load balancer may hold fewer connections than its clients keep open.
import { defineFault } from '../fault.ts';
import { haproxyConfig, haproxyConfigFile } from '../haproxy.ts';
import { writeOnNode } from '../node-files.ts';
import { reloadHaproxy } from '../services.ts';

export default defineFault({
  name: 'haproxy-full',
  breaks: 'HAProxy’s limit of connections to the API: those above it wait until another one ends',
  place: 'lb',
  parameters: { connections: { means: 'how many it takes', default: '3' } },
  inject: async (lab, target, { connections }) => {
    if (!/^\d{1,5}$/.test(connections)) throw new Error(`connections is a whole number, not '${connections}'`);
    const config = haproxyConfig(lab.masters).replace('frontend kubernetes-api\n', `frontend kubernetes-api\n  maxconn ${connections}\n`);
    await writeOnNode(lab, target.name, haproxyConfigFile, config);
    await reloadHaproxy(lab, target.name);
  },
  heal: async (lab, target) => {
    await writeOnNode(lab, target.name, haproxyConfigFile, haproxyConfig(lab.masters));
    await reloadHaproxy(lab, target.name);
  },
  settles: { seconds: 20, what: 'the connections of before the reload have ended' },
});
