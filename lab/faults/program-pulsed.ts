// Fault: one program stands still again and again, as under a hypervisor that takes its processor away.
import { defineFault } from '../fault.ts';
import { waitUntil } from '../processes.ts';
import { processesNamed } from '../services.ts';
import { asComponent } from '../static-pods.ts';

const pidFile = '/run/lab/program-pulsed.pid';

export default defineFault({
  name: 'program-pulsed',
  breaks: 'one program: stopped and continued in turn, so that it is slow and never dead',
  place: 'master',
  parameters: {
    component: { means: 'kube-apiserver, kube-controller-manager, kube-scheduler or etcd', default: 'etcd' },
    stopped: { means: 'seconds it stands still', default: '2' },
    running: { means: 'seconds it runs between', default: '1' },
  },
  inject: async (lab, target, { component, stopped, running }) => {
    for (const [word, value] of Object.entries({ stopped, running }))
      if (!/^\d{1,2}(\.\d{1,3})?$/.test(value)) throw new Error(`${word} is a number of seconds, not '${value}'`);
    const [pid] = await processesNamed(lab, target.name, asComponent(component));
    if (pid === undefined) throw new Error(`${component} does not run on ${target.name}`);
    const pulse = `trap 'kill -CONT ${pid}; exit' TERM; while kill -STOP ${pid}; do sleep ${stopped}; kill -CONT ${pid}; sleep ${running}; done`;
    const line = `setsid bash -c "$0" </dev/null >/dev/null 2>&1 & echo $! >${pidFile}`;
    await lab.nodeExec(target.name, ['bash', '-c', line, pulse]);
    const begun = await waitUntil(async () => {
      const status = await lab.nodeExec(target.name, ['grep', 'State', `/proc/${pid}/status`]);
      return /\bT\b/.test(status.stdout);
    }, 10_000);
    if (!begun) throw new Error(`${component} on ${target.name} does not stop`);
  },
  heal: async (lab, target) => {
    const end = `pid=$(cat ${pidFile} 2>/dev/null); [ "$(cat /proc/$pid/comm 2>/dev/null)" != bash ] || kill $pid; rm -f ${pidFile}`;
    await lab.nodeExec(target.name, ['bash', '-c', end]);
  },
  settles: { seconds: 60, what: 'what waits for it has timed out a few times' },
});
