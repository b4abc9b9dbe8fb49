// Fault: one API server accepts connections and says nothing.
import { defineFault } from '../fault.ts';
import { hang, wake } from '../hanging.ts';

export default defineFault({
  name: 'apiserver-hung',
  breaks: 'the API server of one master: SIGSTOP, its port accepts and nothing answers',
  place: 'master',
  parameters: {
    kubelet: {
      means: 'running: its liveness probe restarts the container after about 80 s; stopped: it hangs for good',
      default: 'running',
    },
  },
  inject: (lab, target, { kubelet }) => hang(lab, target, 'kube-apiserver', kubelet),
  heal: (lab, target) => wake(lab, target, 'kube-apiserver'),
  settles: { seconds: 45, what: 'the lease of its node is stale (with kubelet=running the liveness probe ends the fault after 80 s)' },
});
