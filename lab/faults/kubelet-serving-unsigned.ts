// Fault: a kubelet asks the cluster for its serving certificate, and nobody grants it.
import { parse, stringify } from 'yaml';
import { defineFault } from '../fault.ts';
import { isOnNode, moveOnNode, readOnNode, writeOnNode } from '../node-files.ts';
import { restartKubelet } from '../services.ts';

const config = '/var/lib/kubelet/config.yaml';
const original = '/etc/kubernetes/lab-parked/kubelet-config.yaml';
const signer = 'kubernetes.io/kubelet-serving';

export default defineFault({
  name: 'kubelet-serving-unsigned',
  breaks: "one kubelet's serving certificate: with serverTLSBootstrap it asks for one, which no controller approves by itself",
  place: 'kubelet',
  parameters: {},
  inject: async (lab, target) => {
    const text = await readOnNode(lab, target.name, config);
    if (!(await isOnNode(lab, target.name, original))) await writeOnNode(lab, target.name, original, text);
    await writeOnNode(lab, target.name, config, stringify({ ...(parse(text) as object), serverTLSBootstrap: true }));
    await restartKubelet(lab, target.name);
  },
  heal: async (lab, target) => {
    if (await isOnNode(lab, target.name, original)) await moveOnNode(lab, target.name, original, config);
    await restartKubelet(lab, target.name);
    await lab.kubectl(['delete', 'csr', `--field-selector=spec.signerName=${signer}`, '--ignore-not-found']);
  },
  settles: { seconds: 610, what: 'its request has waited for ten minutes' },
});
