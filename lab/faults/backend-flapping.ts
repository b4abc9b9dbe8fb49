// Fault: the load balancer loses sight of one API server again and again.
import { setTimeout as sleep } from 'node:timers/promises';
import { defineFault } from '../fault.ts';
import { allowTraffic, dropTraffic } from '../firewall.ts';
import { apiServerPort } from '../topology.ts';

const name = 'backend-flapping';
/** Three failed checks two seconds apart, and each may take two more; then two good ones. */
const [downMs, upMs] = [13_000, 7000];

export default defineFault({
  name,
  breaks: 'the way from the load balancers to one API server: packets vanish some times in a row; afterwards all is well',
  place: 'master',
  parameters: { times: { means: 'how often', default: '3' } },
  inject: async (lab, target, { times }) => {
    const balancers = lab.nodes.filter((node) => node.role === 'lb').map((node) => node.address);
    for (let left = Number(times); left > 0; left--) {
      const match = `ip saddr { ${[...balancers, '10.89.0.10'].join(', ')} } tcp dport ${apiServerPort}`;
      await dropTraffic(lab, target.name, name, { incoming: [match], outgoing: [] });
      await sleep(downMs);
      await allowTraffic(lab, target.name, name);
      if (left > 1) await sleep(upMs);
    }
  },
  heal: (lab, target) => allowTraffic(lab, target.name, name),
  settles: { seconds: 8, what: 'HAProxy has put it back' },
});
