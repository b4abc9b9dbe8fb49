// Fault: a kubelet reports to an address that no API server has any more.
import { defineFault } from '../fault.ts';
import { isOnNode, moveOnNode, readOnNode, writeOnNode } from '../node-files.ts';
import { restartKubelet } from '../services.ts';

const kubeconfig = '/etc/kubernetes/kubelet.conf';
const original = '/etc/kubernetes/lab-parked/kubelet.conf';

export default defineFault({
  name: 'kubelet-server-moved',
  breaks: "one machine's kubelet.conf: it names an address that was given up; its containers run on",
  place: 'kubelet',
  parameters: { server: { means: 'the address it names', default: 'https://10.89.0.99:8443' } },
  inject: async (lab, target, { server }) => {
    const text = await readOnNode(lab, target.name, kubeconfig);
    if (!(await isOnNode(lab, target.name, original))) await writeOnNode(lab, target.name, original, text);
    await writeOnNode(lab, target.name, kubeconfig, text.replace(/server: \S+/, `server: ${server}`));
    await restartKubelet(lab, target.name);
  },
  heal: async (lab, target) => {
    if (await isOnNode(lab, target.name, original)) await moveOnNode(lab, target.name, original, kubeconfig);
    await restartKubelet(lab, target.name);
  },
  settles: { seconds: 60, what: 'its node is Unknown and its pods are NotReady though they serve' },
});
