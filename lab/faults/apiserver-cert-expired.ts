// Fault: one API server shows a certificate that has ended.
import { bringBack, replaceByExpired, waitUntilServed } from '../certificates.ts';
import { defineFault } from '../fault.ts';
import { resetConnections } from '../firewall.ts';
import { apiServerPort } from '../topology.ts';

export default defineFault({
  name: 'apiserver-cert-expired',
  breaks: 'the serving certificate of one API server: it ended yesterday; HAProxy, which does not verify, keeps it',
  place: 'master',
  parameters: {
    connections: { means: 'reset: clients connect again and see it; kept: clients that are connected do not notice yet', default: 'reset' },
  },
  inject: async (lab, target, { connections }) => {
    await replaceByExpired(lab, target.name, 'apiserver', 'apiserver');
    // A running API server takes new files within a minute.
    await waitUntilServed(lab, target.address, apiServerPort, 'ended', 90_000);
    if (connections !== 'kept') await resetConnections(lab, target.name, ['sport', `= :${apiServerPort}`]);
  },
  heal: async (lab, target) => {
    await bringBack(lab, target.name, 'apiserver');
    await waitUntilServed(lab, target.address, apiServerPort, 'valid', 90_000);
  },
  settles: { seconds: 60, what: 'its own kubelet refuses it, so the node is Unknown' },
});
