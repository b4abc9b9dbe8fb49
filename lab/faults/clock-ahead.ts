// Fault: the clock of one master's processes is wrong.
import { assertMovableClock, wallClockOffset } from '../clock.ts';
import { defineFault } from '../fault.ts';
import { writeOnNode } from '../node-files.ts';
import { restartKubelet } from '../services.ts';
import { editStaticPods, undoEdits } from '../static-pods.ts';
import type { Component } from '../static-pods.ts';

const every: readonly Component[] = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'etcd'];
const kubeletDefaults = '/etc/default/kubelet';

export default defineFault({
  name: 'clock-ahead',
  breaks: "the wall clock of one master's processes, for real: their Date headers, leases and certificate checks follow",
  place: 'master',
  parameters: {
    seconds: { means: 'how far ahead (negative: behind)', default: '30' },
    component: { means: `all, kubelet, ${every.join(', ')}`, default: 'all' },
  },
  inject: async (lab, target, { seconds, component }) => {
    if (!/^-?\d{1,9}$/.test(seconds)) throw new Error(`seconds is a whole number, not '${seconds}'`);
    const chosen = every.filter((name) => component === 'all' || component === name);
    if (chosen.length === 0 && component !== 'kubelet') throw new Error(`component is all, kubelet or one of ${every.join(', ')}`);
    await assertMovableClock(lab, component === 'all' ? 'kube-apiserver' : component);
    if (component === 'all' || component === 'kubelet')
      await writeOnNode(lab, target.name, kubeletDefaults, `${wallClockOffset}=${seconds}s\n`);
    if (component === 'kubelet') await restartKubelet(lab, target.name);
    await editStaticPods(lab, target.name, chosen, (container) => {
      container.env = [
        ...(container.env ?? []).filter((entry) => entry.name !== wallClockOffset),
        { name: wallClockOffset, value: `${seconds}s` },
      ];
    });
  },
  heal: async (lab, target) => {
    await writeOnNode(lab, target.name, kubeletDefaults, '');
    await undoEdits(lab, target.name, every);
    await restartKubelet(lab, target.name);
  },
  settles: { seconds: 30, what: 'leases that its kubelet and controllers write are in the future' },
});
