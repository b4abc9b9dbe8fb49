// Fault: one certificate of kubeadm's tree on one master has ended, and who uses it was started anew since.
import { bringBack, replaceByExpired } from '../certificates.ts';
import { defineFault } from '../fault.ts';
import { killProgram, restartPrograms } from '../services.ts';

/** What `kubeadm certs renew` calls it -> the file below the pki folder, and the program that uses it. */
const pairs: Readonly<Record<string, readonly [file: string, program: string]>> = {
  'etcd-peer': ['etcd/peer', 'etcd'],
  'front-proxy-client': ['front-proxy-client', 'kube-apiserver'],
  'apiserver-kubelet-client': ['apiserver-kubelet-client', 'kube-apiserver'],
};

function pairOf(name: string): readonly [string, string] {
  const pair = pairs[name];
  if (pair === undefined) throw new Error(`certificate is one of ${Object.keys(pairs).join(', ')}, not '${name}'`);
  return pair;
}

export default defineFault({
  name: 'pki-expired',
  breaks: 'one certificate on one master: it ended yesterday; the program that uses it was restarted since',
  place: 'master',
  parameters: { certificate: { means: Object.keys(pairs).join(', '), default: 'etcd-peer' } },
  inject: async (lab, target, { certificate }) => {
    const [file, program] = pairOf(certificate);
    await replaceByExpired(lab, target.name, certificate, file);
    await killProgram(lab, target.name, program);
  },
  heal: async (lab, target, { certificate }) => {
    const [file, program] = pairOf(certificate);
    await bringBack(lab, target.name, file);
    await restartPrograms(lab, target.name, [program]);
  },
  settles: { seconds: 110, what: 'whatever liveness probes make of it' },
});
