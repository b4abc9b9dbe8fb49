// Fault: the file system below one etcd member's data has become read-only.
import { defineFault } from '../fault.ts';
import { killProgram, restartPrograms, startService, stopService } from '../services.ts';

const data = '/var/lib/etcd';

export default defineFault({
  name: 'etcd-data-read-only',
  breaks: "one etcd member's disk: mounted read-only, as a kernel does after errors; the member was restarted since",
  place: 'etcd',
  parameters: {},
  inject: async (lab, target) => {
    await stopService(lab, target.name, 'kubelet');
    await killProgram(lab, target.name, 'etcd');
    const freeze = `mount --bind ${data} ${data}; mount -o remount,bind,ro ${data}`;
    const outcome = await lab.nodeExec(target.name, ['bash', '-ec', freeze]);
    if (outcome.code !== 0) throw new Error(`${target.name}: ${outcome.stderr.trim()}`);
    await startService(lab, target.name, 'kubelet');
  },
  heal: async (lab, target) => {
    const thaw = `mount -o remount,bind,rw ${data}; while grep -q ' ${data} ro' /proc/mounts; do umount -l ${data} || break; done`;
    await lab.nodeExec(target.name, ['bash', '-c', thaw]);
    await restartPrograms(lab, target.name, ['etcd', 'kube-apiserver']);
  },
  settles: { seconds: 110, what: 'the member is in its crash back-off, and so is the API server beside it' },
});
