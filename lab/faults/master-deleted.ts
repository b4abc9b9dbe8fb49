// Fault: a master was taken away and its node deleted, and etcd was not told.
import { defineFault } from '../fault.ts';
import { waitUntil } from '../processes.ts';
import { bringNodeBack } from '../node-object.ts';
import { killProgram, stopService } from '../services.ts';

const programs = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'];

export default defineFault({
  name: 'master-deleted',
  breaks: 'one master: everything on it is stopped and its node deleted, its etcd member stays in the list',
  place: 'master',
  parameters: {},
  inject: async (lab, target) => {
    await stopService(lab, target.name, 'kubelet');
    for (const program of programs) await killProgram(lab, target.name, program);
    const deleted = await waitUntil(
      () =>
        lab.kubectl(['delete', 'node', target.name, '--wait=false']).then(
          () => true,
          () => false,
        ),
      60_000,
      1000,
    );
    if (!deleted) throw new Error(`the node ${target.name} cannot be deleted`);
  },
  heal: (lab, target) => bringNodeBack(lab, target.name),
  settles: { seconds: 60, what: 'its address is out of the Service kubernetes, and the load balancer has given it up' },
});
