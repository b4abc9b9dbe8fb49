// No fault: one control-plane program is restarted by its kubelet, as after a liveness probe or an update.
import { defineFault } from '../fault.ts';
import { waitUntil } from '../processes.ts';
import { processesNamed, restartPrograms } from '../services.ts';
import { asComponent } from '../static-pods.ts';

export default defineFault({
  name: 'program-restarted',
  breaks: 'nothing for long: one program is killed, and its kubelet starts it again',
  place: 'master',
  parameters: {
    component: { means: 'kube-apiserver, kube-controller-manager, kube-scheduler or etcd', default: 'kube-scheduler' },
  },
  inject: async (lab, target, { component }) => {
    await restartPrograms(lab, target.name, [asComponent(component)]);
    const runs = await waitUntil(async () => (await processesNamed(lab, target.name, asComponent(component))).length > 0, 60_000);
    if (!runs) throw new Error(`${component} on ${target.name} was not started again within 60 s`);
  },
  heal: () => Promise.resolve(),
  settles: { seconds: 10, what: 'it serves again' },
});
