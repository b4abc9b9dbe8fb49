// Fault: one API server shows a certificate that nobody should accept, though it has not ended.
import { bringBack, replaceBySigned, signings, waitUntilFileServed } from '../certificates.ts';
import { defineFault } from '../fault.ts';
import { resetConnections } from '../firewall.ts';
import { apiServerPort } from '../topology.ts';

export default defineFault({
  name: 'apiserver-cert-replaced',
  breaks: 'the serving certificate of one API server: it begins tomorrow or only now, or another authority of the same name signed it',
  place: 'master',
  parameters: {
    how: { means: 'future: it begins tomorrow; fresh: now; foreign: signed by another authority of the same name', default: 'future' },
  },
  inject: async (lab, target, { how }) => {
    const signing = signings.find((one) => one === how);
    if (signing === undefined) throw new Error(`how is one of ${signings.join(', ')}, not '${how}'`);
    await replaceBySigned(lab, target.name, 'apiserver', signing);
    // A running API server takes new files within a minute.
    await waitUntilFileServed(lab, target, 'apiserver', apiServerPort, 90_000);
    await resetConnections(lab, target.name, ['sport', `= :${apiServerPort}`]);
  },
  heal: async (lab, target) => {
    await bringBack(lab, target.name, 'apiserver');
    await waitUntilFileServed(lab, target, 'apiserver', apiServerPort, 90_000);
  },
  settles: { seconds: 60, what: 'its own kubelet refuses it, so the node is Unknown' },
});
