// Fault: etcd's database is full.
import { giveBack, putMegabyte, waitForAlarm } from '../etcd-space.ts';
import { defineFault } from '../fault.ts';
import type { LabHandle } from '../handle.ts';
import { waitHealthy } from '../health.ts';
import { editStaticPods, undoEdits } from '../static-pods.ts';

const flag = '--quota-backend-bytes=';

export default defineFault({
  name: 'etcd-full',
  breaks: 'writing to etcd: its quota is lowered on every member and filled until the alarm NOSPACE',
  place: 'cluster',
  parameters: { quota: { means: 'bytes; ignored where the lab was made with --etcd-quota', default: '16777216' } },
  inject: async (lab, _target, { quota }) => {
    if (lab.plan.etcdQuotaBytes === undefined) await lowerQuota(lab, quota);
    await fill(lab);
  },
  heal: async (lab) => {
    await giveBack(lab);
    await lab.etcdctl(['alarm', 'disarm']);
    if (lab.plan.etcdQuotaBytes === undefined) await Promise.all(lab.etcdNodes.map((node) => undoEdits(lab, node.name, ['etcd'])));
  },
  settles: { seconds: 70, what: 'leases that nobody can renew have run out' },
});

/** All members at once, which is an outage of some seconds; healthy again after it, because later nothing can be written. */
async function lowerQuota(lab: LabHandle, quota: string): Promise<void> {
  if (!/^\d{7,12}$/.test(quota)) throw new Error(`quota is a number of bytes, at least 1000000, not '${quota}'`);
  if (lab.plan.etcd === 'external') throw new Error('etcd-full with an external etcd needs a lab made with --etcd-quota');
  await Promise.all(
    lab.etcdNodes.map((node) =>
      editStaticPods(lab, node.name, ['etcd'], (container) => {
        container.command = [...container.command.filter((word) => !word.startsWith(flag)), `${flag}${quota}`];
      }),
    ),
  );
  await waitHealthy(lab);
}

async function fill(lab: LabHandle): Promise<void> {
  for (let index = 0; index < 4000; index++) {
    const refused = await putMegabyte(lab, String(index));
    if (refused.includes('database space exceeded')) return waitForAlarm(lab);
    if (refused !== '') throw new Error(refused);
  }
  throw new Error('etcd took 4 GB and raised no alarm');
}
