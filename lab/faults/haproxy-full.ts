// Fault: the load balancer may hold fewer connections than its clients keep open.
import { defineFault } from '../fault.ts';
import { haproxyConfig } from '../haproxy.ts';
import { useHaproxyConfig } from '../services.ts';

export default defineFault({
  name: 'haproxy-full',
  breaks: 'HAProxy’s limit of connections to the API: those above it wait until another one ends',
  place: 'lb',
  parameters: { connections: { means: 'how many it takes', default: '3' } },
  inject: async (lab, target, { connections }) => {
    if (!/^\d{1,5}$/.test(connections)) throw new Error(`connections is a whole number, not '${connections}'`);
    const config = haproxyConfig(lab.masters).replace('frontend kubernetes-api\n', `frontend kubernetes-api\n  maxconn ${connections}\n`);
    await useHaproxyConfig(lab, target.name, config);
  },
  heal: (lab, target) => useHaproxyConfig(lab, target.name, haproxyConfig(lab.masters)),
  settles: { seconds: 20, what: 'the connections of before the reload have ended' },
});
