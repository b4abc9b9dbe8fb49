// Fault: what a controller logs in with was renewed in its kubeconfig, and the controller was not started anew.
import { renewOnly } from '../certificates.ts';
import { defineFault } from '../fault.ts';
import { isOnNode, moveOnNode, readOnNode, writeOnNode } from '../node-files.ts';
import { asElected } from '../leases.ts';
import { restartPrograms } from '../services.ts';

const parked = (file: string) => `/etc/kubernetes/lab-parked/${file}`;

export default defineFault({
  name: 'login-renewed-only',
  breaks: 'the kubeconfig of one controller: renewed by kubeadm, while the controller runs on with the old login',
  place: 'master',
  parameters: { component: { means: 'kube-scheduler or kube-controller-manager', default: 'kube-scheduler' } },
  inject: async (lab, target, { component }) => {
    const file = fileOf(component);
    const path = `/etc/kubernetes/${file}`;
    if (!(await isOnNode(lab, target.name, parked(file))))
      await writeOnNode(lab, target.name, parked(file), await readOnNode(lab, target.name, path));
    await renewOnly(lab, target.name, file);
  },
  heal: async (lab, target, { component }) => {
    const file = fileOf(component);
    if (await isOnNode(lab, target.name, parked(file))) await moveOnNode(lab, target.name, parked(file), `/etc/kubernetes/${file}`);
    await restartPrograms(lab, target.name, [component]);
  },
  settles: { seconds: 1, what: 'the file is newer than the process' },
});

function fileOf(component: string): string {
  return `${asElected(component).replace('kube-', '')}.conf`;
}
