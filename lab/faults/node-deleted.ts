// Fault: the node of a machine was deleted while its controllers go on leading.
import { defineFault } from '../fault.ts';
import { asElected, leaderOf, waitForOtherLeader } from '../leases.ts';
import { bringNodeBack } from '../node-object.ts';
import { restartPrograms, stopService } from '../services.ts';

export default defineFault({
  name: 'node-deleted',
  breaks: 'the node of the machine that leads one controller: deleted with its kubelet stopped, its containers run on',
  place: 'master',
  parameters: { component: { means: 'kube-scheduler or kube-controller-manager', default: 'kube-scheduler' } },
  inject: async (lab, target, { component }) => {
    const elected = asElected(component);
    for (let tries = 6; tries > 0; tries--) {
      const leader = await leaderOf(lab, elected);
      if (leader === target.name) break;
      if (leader === undefined || tries === 1) throw new Error(`${target.name} does not come to lead ${component}`);
      await restartPrograms(lab, leader, [component]);
      await waitForOtherLeader(lab, elected, leader);
    }
    await stopService(lab, target.name, 'kubelet');
    await lab.kubectl(['delete', 'node', target.name, '--wait=false']);
  },
  heal: (lab, target) => bringNodeBack(lab, target.name),
  settles: { seconds: 60, what: 'its mirror pods are gone' },
});
