// Fault: one program gets next to no processor time.
import { findLimit, findPodCgroup } from '../cgroups.ts';
import { defineFault } from '../fault.ts';
import type { LabHandle } from '../handle.ts';
import { processesNamed } from '../services.ts';
import { asComponent } from '../static-pods.ts';
import type { NodePlan } from '../topology.ts';

export default defineFault({
  name: 'cpu-starved',
  breaks: "one program: its container's cgroup may use a small share of one processor",
  place: 'master',
  parameters: {
    component: { means: 'kube-apiserver, kube-controller-manager, kube-scheduler or etcd', default: 'etcd' },
    percent: { means: 'of one processor', default: '2' },
  },
  inject: (lab, target, { component, percent }) => {
    if (!/^\d{1,3}$/.test(percent) || percent === '0') throw new Error(`percent is a whole number above 0, not '${percent}'`);
    return limit(lab, target, component, Number(percent) * 1000);
  },
  heal: (lab, target, { component }) => limit(lab, target, component, undefined),
  settles: { seconds: 110, what: 'a liveness probe that came too late restarts it, within the same limit of its pod' },
});

/** Sets the quota on the cgroup of the pod, which outlives a restart of its container. @param quota µs of each 100 ms. */
async function limit(lab: LabHandle, target: NodePlan, component: string, quota: number | undefined): Promise<void> {
  const [pid] = await processesNamed(lab, target.name, asComponent(component));
  if (pid === undefined && quota === undefined) return;
  if (pid === undefined) throw new Error(`${component} does not run on ${target.name}`);
  const set = [
    ...findPodCgroup(pid, 'cpu'),
    ...findLimit('cpu', 'cpu.cfs_quota_us', 'cpu.max'),
    `limit=${quota ?? '"$none"'}`,
    // Version 2 keeps quota and period in one file.
    'case $file in *cpu.max) limit="$limit 100000" ;; esac',
    'echo "$limit" >"$file"',
  ].join('\n');
  const outcome = await lab.nodeExec(target.name, ['bash', '-ec', set]);
  if (outcome.code !== 0) throw new Error(`cgroup of ${component} on ${target.name}: ${outcome.stderr.trim()}`);
}
