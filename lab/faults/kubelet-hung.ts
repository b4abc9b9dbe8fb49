// Fault: the kubelet of one machine accepts connections and does nothing.
import { defineFault } from '../fault.ts';
import { signalProgram } from '../services.ts';

export default defineFault({
  name: 'kubelet-hung',
  breaks: 'the kubelet of one machine: SIGSTOP, its port accepts and nothing answers; its containers run on',
  place: 'kubelet',
  parameters: {},
  inject: (lab, target) => signalProgram(lab, target.name, 'kubelet', 'STOP'),
  heal: (lab, target) => signalProgram(lab, target.name, 'kubelet', 'CONT'),
  leavesNoTrace: true,
  settles: { seconds: 60, what: 'its node is Unknown and its pods are NotReady though they serve' },
});
