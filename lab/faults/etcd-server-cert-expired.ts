// Fault: one etcd member shows its clients a certificate that has ended.
import { bringBack, replaceByExpired } from '../certificates.ts';
import { defineFault } from '../fault.ts';
import { resetConnections } from '../firewall.ts';

export default defineFault({
  name: 'etcd-server-cert-expired',
  breaks: 'the server certificate of one etcd member: it ended yesterday; its clients have connected again since',
  place: 'etcd',
  parameters: {},
  inject: async (lab, target) => {
    await replaceByExpired(lab, target.name, 'etcd-server', 'etcd/server');
    // etcd reads its files at each handshake.
    await resetConnections(lab, target.name, ['sport', '= :2379']);
  },
  heal: (lab, target) => bringBack(lab, target.name, 'etcd/server'),
  settles: { seconds: 110, what: 'the API server beside it was restarted by its liveness probe' },
});
