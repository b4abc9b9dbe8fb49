// Fault: one API server shows a certificate that has ended.
import { bringBack, replaceByExpired, waitUntilServed } from '../certificates.ts';
import { defineFault } from '../fault.ts';
import { apiServerPort } from '../topology.ts';

export default defineFault({
  name: 'apiserver-cert-expired',
  breaks: 'the serving certificate of one API server: it ended yesterday; HAProxy, which does not verify, keeps it',
  place: 'master',
  parameters: {},
  inject: async (lab, target) => {
    await replaceByExpired(lab, target.name, 'apiserver', 'apiserver');
    // A running API server looks at its files once a minute.
    await waitUntilServed(lab, target.address, apiServerPort, 'ended', 90_000);
  },
  heal: async (lab, target) => {
    await bringBack(lab, target.name, 'apiserver');
    await waitUntilServed(lab, target.address, apiServerPort, 'valid', 90_000);
  },
  settles: { seconds: 60, what: 'its own kubelet refuses it, so the node is Unknown' },
});
