// Fault: the cable of one machine is pulled.
import { defineFault } from '../fault.ts';

export default defineFault({
  name: 'network-card-down',
  breaks: 'the network card of one machine: down, so that nobody even answers for its address',
  place: 'machine',
  parameters: {},
  inject: async (lab, target) => {
    const outcome = await lab.nodeExec(target.name, ['ip', 'link', 'set', 'eth0', 'down']);
    if (outcome.code !== 0) throw new Error(`ip on ${target.name}: ${outcome.stderr.trim()}`);
  },
  heal: async (lab, target) => {
    await lab.nodeExec(target.name, ['ip', 'link', 'set', 'eth0', 'up']);
  },
  settles: { seconds: 60, what: 'its node is Unknown' },
});
