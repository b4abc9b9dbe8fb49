// No fault, but a change that must not be taken for one: a node is cordoned.
import { defineFault } from '../fault.ts';

export default defineFault({
  name: 'node-cordoned',
  breaks: 'nothing: a node takes no new pods, as before planned work',
  place: 'kubelet',
  parameters: {},
  inject: async (lab, target) => {
    await lab.kubectl(['cordon', target.name]);
  },
  heal: async (lab, target) => {
    await lab.kubectl(['uncordon', target.name]);
  },
  leavesNoTrace: true,
  settles: { seconds: 0, what: 'nothing follows' },
});
