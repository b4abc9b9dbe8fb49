// Fault: the disk under one etcd member's data is full.
import { defineFault } from '../fault.ts';
import type { LabHandle } from '../handle.ts';
import { removeStaticPod, returnStaticPod } from '../static-pods.ts';

const data = '/var/lib/etcd';
const ballast = `${data}/backup-of-last-week.db`;

export default defineFault({
  name: 'etcd-disk-full',
  breaks: 'the disk of one etcd member: its data lies on a small file system of its own, which is filled to the last byte',
  place: 'etcd',
  parameters: { size: { means: 'megabytes of the file system', default: '256' } },
  inject: async (lab, target, { size }) => {
    if (!/^\d{3,4}$/.test(size)) throw new Error(`size is a number of megabytes, at least 100, not '${size}'`);
    await removeStaticPod(lab, target.name, 'etcd');
    await shell(
      lab,
      target.name,
      `mkdir -p /run/lab/etcd-data && cp -a ${data}/. /run/lab/etcd-data/ && mount -t tmpfs -o size=${size}m,mode=0700 tmpfs ${data} && cp -a /run/lab/etcd-data/. ${data}/ && rm -rf /run/lab/etcd-data`,
    );
    await returnStaticPod(lab, target.name, 'etcd');
    // What fills it stands in for backups that nobody cleared away; dd ends when there is no room.
    await shell(lab, target.name, `dd if=/dev/zero of=${ballast} bs=64k 2>/dev/null; sync`);
  },
  heal: async (lab, target) => {
    await removeStaticPod(lab, target.name, 'etcd');
    const back = `mkdir -p /run/lab/etcd-data && cp -a ${data}/member /run/lab/etcd-data/ && umount ${data} && rm -rf ${data}/member && cp -a /run/lab/etcd-data/. ${data}/ && rm -rf /run/lab/etcd-data`;
    await shell(lab, target.name, `rm -f ${ballast}; ! mountpoint -q ${data} || { ${back}; }`);
    await returnStaticPod(lab, target.name, 'etcd');
  },
  settles: { seconds: 120, what: 'etcd has met the end of its disk and cannot start again' },
});

async function shell(lab: LabHandle, node: string, line: string): Promise<void> {
  const outcome = await lab.nodeExec(node, ['bash', '-c', line], { timeoutMs: 60_000 });
  if (outcome.code !== 0) throw new Error(`${node}: ${line.slice(0, 60)}… ended with ${outcome.code}: ${outcome.stderr.trim()}`);
}
