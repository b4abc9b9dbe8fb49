// Fault: whoever leads stands still until another one takes over, several times in a row.
import { defineFault } from '../fault.ts';
import { asElected, leaderOf, waitForOtherLeader } from '../leases.ts';
import { signalProgram } from '../services.ts';

export default defineFault({
  name: 'lead-unsteady',
  breaks: 'the lead of one controller: it moved several times within two minutes; afterwards all run',
  place: 'cluster',
  parameters: {
    component: { means: 'kube-scheduler or kube-controller-manager', default: 'kube-scheduler' },
    times: { means: 'how often', default: '5' },
  },
  inject: async (lab, _target, { component, times }) => {
    const elected = asElected(component);
    for (let left = Number(times); left > 0; left--) {
      const leader = await leaderOf(lab, elected);
      if (leader === undefined) throw new Error(`nobody leads ${component}`);
      await signalProgram(lab, leader, component, 'STOP');
      try {
        await waitForOtherLeader(lab, elected, leader);
      } finally {
        await signalProgram(lab, leader, component, 'CONT');
      }
    }
  },
  heal: async (lab, _target, { component }) => {
    for (const { name } of lab.masters) await signalProgram(lab, name, component, 'CONT').catch(() => undefined);
  },
  settles: { seconds: 5, what: 'the last leader has written down that it leads' },
});
