// Fault: one etcd member cannot talk to the others, and clients still reach it.
import { defineFault } from '../fault.ts';
import { allowTraffic, dropTraffic } from '../firewall.ts';

const name = 'etcd-partitioned';

export default defineFault({
  name,
  breaks: 'the peer traffic (2380) of one etcd member with all others, both ways; client ports stay open',
  place: 'etcd',
  parameters: {},
  inject: async (lab, target) => {
    const others = lab.etcdNodes
      .filter((node) => node.name !== target.name)
      .map((node) => node.address)
      .join(', ');
    const ports = ['tcp dport 2380', 'tcp sport 2380'];
    await dropTraffic(lab, target.name, name, {
      incoming: ports.map((port) => `ip saddr { ${others} } ${port}`),
      outgoing: ports.map((port) => `ip daddr { ${others} } ${port}`),
    });
  },
  heal: (lab, target) => allowTraffic(lab, target.name, name),
  settles: { seconds: 110, what: 'the API server beside it was restarted and answers 403 to everybody' },
});
