// Fault: one etcd member waits long for its disk.
import { defineFault } from '../fault.ts';
import { waitUntil } from '../processes.ts';
import { processesNamed } from '../services.ts';

const pidFile = '/run/lab/etcd-slow-disk.pid';

export default defineFault({
  name: 'etcd-slow-disk',
  breaks: 'the disk of one etcd member: every fdatasync takes longer',
  place: 'etcd',
  parameters: { milliseconds: { means: 'added to each fdatasync', default: '200' } },
  inject: async (lab, target, { milliseconds }) => {
    if (!/^\d{1,5}$/.test(milliseconds)) throw new Error(`milliseconds is a whole number, not '${milliseconds}'`);
    const [etcd] = await processesNamed(lab, target.name, 'etcd');
    if (etcd === undefined) throw new Error(`etcd does not run on ${target.name}`);
    const trace = `strace -f -qq -o /dev/null -e trace=fdatasync -e inject=fdatasync:delay_exit=${milliseconds}ms -p ${etcd}`;
    await lab.nodeExec(target.name, ['bash', '-c', `setsid ${trace} </dev/null >/var/log/etcd-slow-disk.log 2>&1 & echo $! >${pidFile}`]);
    const attached = await waitUntil(async () => {
      const status = await lab.nodeExec(target.name, ['grep', 'TracerPid', `/proc/${etcd}/status`]);
      return !/TracerPid:\s+0/.test(status.stdout);
    }, 10_000);
    if (!attached) throw new Error(`strace cannot attach to etcd on ${target.name}; see /var/log/etcd-slow-disk.log there`);
  },
  heal: async (lab, target) => {
    // It has ended by itself where etcd was restarted, and its id may be another's by now.
    const end = `pid=$(cat ${pidFile} 2>/dev/null); [ "$(cat /proc/$pid/comm 2>/dev/null)" != strace ] || kill $pid; rm -f ${pidFile}`;
    await lab.nodeExec(target.name, ['bash', '-c', end]);
  },
  settles: { seconds: 60, what: 'the histogram of fsync times holds some hundred slow ones' },
});
