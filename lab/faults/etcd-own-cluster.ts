// Fault: one etcd member was restored by itself, and lives in a cluster of its own.
import { runOnNode } from '../etcd-data.ts';
import { defineFault } from '../fault.ts';
import { killProgram, restartPrograms, stopService } from '../services.ts';

const parked = '/var/lib/etcd/lab-parked-member';

export default defineFault({
  name: 'etcd-own-cluster',
  breaks: 'the data of one stacked etcd member: restored from its own copy with another token and nobody else in the list',
  place: 'master',
  parameters: { token: { means: '--initial-cluster-token of the restore', default: 'restored' } },
  inject: async (lab, target, { token }) => {
    if (!/^[\w-]+$/.test(token)) throw new Error(`token is one word, not '${token}'`);
    const url = `https://${target.address}:2380`;
    await stopService(lab, target.name, 'kubelet');
    await killProgram(lab, target.name, 'etcd');
    await runOnNode(lab, target.name, [
      `rm -rf /var/lib/etcd/lab-restored && mv /var/lib/etcd/member ${parked}`,
      `etcdutl snapshot restore ${parked}/snap/db --skip-hash-check --name ${target.name} --initial-cluster ${target.name}=${url}` +
        ` --initial-cluster-token ${token} --initial-advertise-peer-urls ${url} --data-dir /var/lib/etcd/lab-restored`,
      'mv /var/lib/etcd/lab-restored/member /var/lib/etcd/member && rmdir /var/lib/etcd/lab-restored',
    ]);
    await restartPrograms(lab, target.name, ['etcd', 'kube-apiserver']);
  },
  heal: async (lab, target) => {
    await stopService(lab, target.name, 'kubelet');
    await killProgram(lab, target.name, 'etcd');
    await runOnNode(lab, target.name, [`[ ! -e ${parked} ] || { rm -rf /var/lib/etcd/member && mv ${parked} /var/lib/etcd/member; }`]);
    await restartPrograms(lab, target.name, ['etcd', 'kube-apiserver']);
  },
  settles: { seconds: 60, what: 'the node reports into the other cluster and is Unknown in this one' },
});
