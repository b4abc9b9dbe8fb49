// Fault: one API server comes to etcd with a certificate that has ended.
import { bringBack, replaceByExpired } from '../certificates.ts';
import { defineFault } from '../fault.ts';
import { killProgram, restartPrograms } from '../services.ts';

export default defineFault({
  name: 'etcd-client-cert-expired',
  breaks: "one API server's client certificate for etcd: it ended yesterday; the API server was restarted since",
  place: 'master',
  parameters: {},
  inject: async (lab, target) => {
    await replaceByExpired(lab, target.name, 'apiserver-etcd-client', 'apiserver-etcd-client');
    await killProgram(lab, target.name, 'kube-apiserver');
  },
  heal: async (lab, target) => {
    await bringBack(lab, target.name, 'apiserver-etcd-client');
    await restartPrograms(lab, target.name, ['kube-apiserver']);
  },
  settles: { seconds: 60, what: 'its node is Unknown' },
});
