// Fault: one control-plane process can open nothing any more.
import { defineFault } from '../fault.ts';
import { startService, stopService } from '../services.ts';
import { processesNamed, restartPrograms } from '../services.ts';
import { asComponent } from '../static-pods.ts';

export default defineFault({
  name: 'descriptors-exhausted',
  breaks:
    'the file descriptors of one program: its limit is below what it holds, so that open connections work and new ones are never taken',
  place: 'master',
  parameters: {
    component: {
      means: 'kube-apiserver, kube-controller-manager or kube-scheduler; etcd ends at its next file',
      default: 'kube-apiserver',
    },
    kubelet: { means: 'running: its liveness probe restarts the container after about 80 s; stopped: it stays so', default: 'running' },
  },
  inject: async (lab, target, { component, kubelet }) => {
    const [pid] = await processesNamed(lab, target.name, asComponent(component));
    if (pid === undefined) throw new Error(`${component} does not run on ${target.name}`);
    if (kubelet === 'stopped') await stopService(lab, target.name, 'kubelet');
    const outcome = await lab.nodeExec(target.name, ['prlimit', '--pid', pid, '--nofile=16:16']);
    if (outcome.code !== 0) throw new Error(`prlimit on ${target.name}: ${outcome.stderr.trim()}`);
  },
  heal: async (lab, target, { component }) => {
    await startService(lab, target.name, 'kubelet');
    await restartPrograms(lab, target.name, [asComponent(component)]);
  },
  settles: { seconds: 45, what: 'the lease of its node is stale (with kubelet=running the liveness probe ends the fault after 80 s)' },
});
