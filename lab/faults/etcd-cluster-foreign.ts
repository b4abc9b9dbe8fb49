// Fault: one member was rebuilt from a snapshot as a cluster of its own.
import { defineFault } from '../fault.ts';
import { isOnNode, moveOnNode, reachOnNode } from '../node-files.ts';
import { killProgram, restartPrograms, startService, stopService } from '../services.ts';

const data = '/var/lib/etcd';
const parked = `${data}/lab-parked`;

export default defineFault({
  name: 'etcd-cluster-foreign',
  breaks: 'one etcd member: restored from a snapshot with itself as the only member, so that its API server serves other data',
  place: 'master',
  parameters: {},
  inject: async (lab, target) => {
    const snapshot = `${data}/lab-snapshot.db`;
    await lab.etcdctl(['snapshot', 'save', await reachOnNode(lab, target.name, snapshot)], {
      endpoints: [`https://${target.address}:2379`],
    });
    await stopService(lab, target.name, 'kubelet');
    await killProgram(lab, target.name, 'etcd');
    await moveOnNode(lab, target.name, `${data}/member`, parked);
    const url = `https://${target.address}:2380`;
    const restore = `etcdutl snapshot restore ${snapshot} --name=${target.name} --initial-cluster=${target.name}=${url} \
      --initial-cluster-token=restored --initial-advertise-peer-urls=${url} --data-dir=${data}/lab-restored &&
      mv ${data}/lab-restored/member ${data}/member && rm -rf ${data}/lab-restored ${snapshot}`;
    const outcome = await lab.nodeExec(target.name, ['bash', '-ec', restore], { timeoutMs: 60_000 });
    if (outcome.code !== 0) throw new Error(`etcdutl on ${target.name}: ${outcome.stderr.trim()}`);
    await restartPrograms(lab, target.name, ['kube-apiserver']);
  },
  heal: async (lab, target) => {
    await stopService(lab, target.name, 'kubelet');
    await killProgram(lab, target.name, 'etcd');
    if (await isOnNode(lab, target.name, parked)) {
      await lab.nodeExec(target.name, ['rm', '-rf', `${data}/member`]);
      await moveOnNode(lab, target.name, parked, `${data}/member`);
    }
    await startService(lab, target.name, 'kubelet');
    await restartPrograms(lab, target.name, ['etcd', 'kube-apiserver']);
  },
  settles: { seconds: 40, what: 'its API server serves what the snapshot held' },
});
