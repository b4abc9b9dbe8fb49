// Fault: one etcd member waits longer or shorter for its leader than the others do.
import { defineFault } from '../fault.ts';
import { editStaticPods, undoEdits } from '../static-pods.ts';

const flag = '--election-timeout=';

export default defineFault({
  name: 'etcd-timer',
  breaks: 'the timers of one etcd member: an election timeout of its own',
  place: 'etcd',
  parameters: { election: { means: 'milliseconds', default: '5000' } },
  inject: async (lab, target, { election }) => {
    if (!/^\d{3,5}$/.test(election)) throw new Error(`election is a number of milliseconds, not '${election}'`);
    if (target.role === 'etcd') throw new Error('etcd-timer needs members that are static pods');
    await editStaticPods(lab, target.name, ['etcd'], (container) => {
      container.command = [...container.command.filter((word) => !word.startsWith(flag)), `${flag}${election}`];
    });
  },
  heal: (lab, target) => undoEdits(lab, target.name, ['etcd']),
  settles: { seconds: 40, what: 'the mirror pod shows the new command line' },
});
