// Fault: a kubelet is gone, and its containers live on.
import { defineFault } from '../fault.ts';
import { startService, stopService } from '../services.ts';

export default defineFault({
  name: 'kubelet-stopped',
  breaks: 'the kubelet of one machine; its containers go on running and nobody reports about them',
  place: 'kubelet',
  parameters: {},
  inject: (lab, target) => stopService(lab, target.name, 'kubelet'),
  heal: (lab, target) => startService(lab, target.name, 'kubelet'),
  settles: { seconds: 60, what: 'its node is Unknown and its pods are NotReady though they serve' },
});
