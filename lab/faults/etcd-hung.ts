// Fault: one etcd member accepts connections and says nothing.
import { defineFault } from '../fault.ts';
import { hang, wake } from '../hanging.ts';

export default defineFault({
  name: 'etcd-hung',
  breaks: 'one etcd member: SIGSTOP, its ports accept and nothing answers',
  place: 'etcd',
  parameters: {
    kubelet: {
      means: 'running: its liveness probe restarts the container after about 80 s; stopped: it hangs for good',
      default: 'running',
    },
  },
  inject: (lab, target, { kubelet }) => hang(lab, target, 'etcd', kubelet),
  heal: (lab, target) => wake(lab, target, 'etcd'),
  settles: {
    seconds: 45,
    what: 'HAProxy has taken the API server beside it out (with kubelet=running the liveness probe ends the fault after 80 s)',
  },
});
