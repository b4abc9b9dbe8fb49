// Fault: one program may use less memory than it needs, and is ended by the kernel each time.
import { findLimit, findPodCgroup } from '../cgroups.ts';
import { defineFault } from '../fault.ts';
import type { LabHandle } from '../handle.ts';
import { killProgram, processesNamed } from '../services.ts';
import { asComponent } from '../static-pods.ts';
import type { NodePlan } from '../topology.ts';

export default defineFault({
  name: 'memory-limited',
  breaks: "one program: its pod's cgroup may hold so little memory that the kernel ends it at each start",
  place: 'master',
  parameters: {
    component: { means: 'kube-apiserver, kube-controller-manager, kube-scheduler or etcd', default: 'kube-apiserver' },
    mebibytes: { means: 'how much it may use', default: '90' },
  },
  inject: async (lab, target, { component, mebibytes }) => {
    if (!/^\d{1,5}$/.test(mebibytes)) throw new Error(`mebibytes is a whole number, not '${mebibytes}'`);
    await limit(lab, target, component, Number(mebibytes) * 1024 * 1024);
    await killProgram(lab, target.name, asComponent(component));
  },
  heal: (lab, target, { component }) => limit(lab, target, component, undefined),
  settles: { seconds: 110, what: 'its container waits ever longer between two starts' },
});

/** Sets the limit on the pod's cgroup, found by its process and noted down, for it is to be found again when nothing runs there. */
async function limit(lab: LabHandle, target: NodePlan, component: string, bytes: number | undefined): Promise<void> {
  const [pid] = await processesNamed(lab, target.name, asComponent(component));
  const kept = `/var/lib/kubelet/lab-cgroup-of-${asComponent(component)}`;
  if (pid === undefined && bytes !== undefined) throw new Error(`${component} does not run on ${target.name}`);
  const set = [
    ...(bytes === undefined
      ? [`pod=$(cat ${kept} 2>/dev/null) || exit 0`]
      : [...findPodCgroup(pid ?? '', 'memory'), `echo "$pod" >${kept}`]),
    ...findLimit('memory', 'memory.limit_in_bytes', 'memory.max'),
    '[ -e "$file" ] || exit 0',
    // Below what is in use cgroup v1 refuses it: then the process has to go first.
    `for _ in $(seq 20); do echo ${bytes ?? '"$none"'} >"$file" 2>/dev/null && exit 0; kill -9 ${pid ?? ''} 2>/dev/null; sleep 0.2; done; exit 1`,
  ].join('\n');
  const outcome = await lab.nodeExec(target.name, ['bash', '-c', set]);
  if (outcome.code !== 0) throw new Error(`cgroup of ${component} on ${target.name}: ${outcome.stderr.trim()}`);
}
