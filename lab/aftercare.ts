// Which programs still sit in a crash back-off after the cause is gone, and how is that cut short?
import { setTimeout as sleep } from 'node:timers/promises';
import { etcdClientUrl } from './handle.ts';
import type { LabHandle } from './handle.ts';
import { isApiServerReady } from './health.ts';
import { nodeProcess } from './nodes.ts';
import { waitUntil } from './processes.ts';
import { restartPrograms } from './services.ts';

/**
 * Starts API servers again that do not become ready although every etcd member is: the kubelet would let them wait
 * for up to five minutes. Does nothing while etcd is still broken by another fault.
 */
export async function cutBackOffShort(lab: LabHandle): Promise<void> {
  const etcdIsWell = () =>
    lab.etcdctl(['endpoint', 'health', '--command-timeout=2s'], { endpoints: lab.etcdNodes.map(etcdClientUrl) }).then(() => true);
  if (!(await waitUntil(etcdIsWell, 30_000, 500))) return;
  const ready = async () => Promise.all(lab.masters.map((master) => isApiServerReady(lab, master)));
  if ((await ready()).every(Boolean)) return;
  await sleep(5000);
  const states = await ready();
  const waiting = lab.masters.filter((_, index) => states[index] === false);
  await Promise.all(
    waiting.map(async (master) => {
      if ((await nodeProcess(lab.folder, master.name)) !== undefined) await restartPrograms(lab, master.name, ['kube-apiserver']);
    }),
  );
}
