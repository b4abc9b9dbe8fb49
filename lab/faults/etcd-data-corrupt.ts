// Fault: bytes of one etcd member's database have changed on its disk.
import { defineFault } from '../fault.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import { isOnNode, moveOnNode } from '../node-files.ts';
import { killProgram, restartPrograms, startService, stopService } from '../services.ts';

const database = '/var/lib/etcd/member/snap/db';
const parked = '/var/lib/etcd/member/snap/lab-parked.db';
const key = '/ha-doctor-lab/corrupt';
const value = 'this value is the same on every member';

export default defineFault({
  name: 'etcd-data-corrupt',
  breaks: "one etcd member's database: a value in it differs from what the others have; the member was restarted since",
  place: 'etcd',
  parameters: {},
  inject: async (lab, target) => {
    await lab.etcdctl(['put', key, value]);
    // A batch is written to disk every 100 ms.
    await sleep(1000);
    await stopService(lab, target.name, 'kubelet');
    await killProgram(lab, target.name, 'etcd');
    const flip = `cp --archive ${database} ${parked}; grep -qa '${value}' ${database}; LC_ALL=C sed -i 's/${value}/${value.toUpperCase()}/g' ${database}`;
    const outcome = await lab.nodeExec(target.name, ['bash', '-ec', flip], { timeoutMs: 60_000 });
    if (outcome.code !== 0) throw new Error(`the value is not in the database of ${target.name}: ${outcome.stderr.trim()}`);
    await startService(lab, target.name, 'kubelet');
  },
  heal: async (lab, target) => {
    await stopService(lab, target.name, 'kubelet');
    await killProgram(lab, target.name, 'etcd');
    if (await isOnNode(lab, target.name, parked)) await moveOnNode(lab, target.name, parked, database);
    await restartPrograms(lab, target.name, ['etcd', 'kube-apiserver']);
    await lab.etcdctl(['del', key]).catch(() => undefined);
  },
  settles: { seconds: 110, what: 'a member that checks itself refuses to start, and is in its crash back-off' },
});
