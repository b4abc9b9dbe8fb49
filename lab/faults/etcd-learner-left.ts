// Fault: a member was made anew as a learner, and nobody promoted it.
import { runOnNode } from '../etcd-data.ts';
import { listMembers } from '../etcd.ts';
import { defineFault } from '../fault.ts';
import type { LabHandle } from '../handle.ts';
import { waitUntil } from '../processes.ts';
import { killProgram, restartPrograms, stopService } from '../services.ts';
import type { NodePlan } from '../topology.ts';

const peerOf = (target: NodePlan): string => `https://${target.address}:2380`;

/** etcd refuses changes for a while after a member came or went. */
async function insist(lab: LabHandle, target: NodePlan, args: readonly string[]): Promise<void> {
  const endpoints = lab.etcdNodes.filter((node) => node.name !== target.name).map((node) => `https://${node.address}:2379`);
  let last = '';
  const done = await waitUntil(
    () =>
      lab.etcdctl(args, { endpoints }).then(
        () => true,
        (error: Error) => {
          last = error.message;
          return false;
        },
      ),
    60_000,
    1000,
  );
  if (!done) throw new Error(last);
}

export default defineFault({
  name: 'etcd-learner-left',
  breaks: "etcd's membership: one stacked member is removed, added again as a learner with empty data, and never promoted",
  place: 'master',
  parameters: {},
  inject: async (lab, target) => {
    const member = (await listMembers(lab)).find((one) => one.peerUrl === peerOf(target));
    await stopService(lab, target.name, 'kubelet');
    await killProgram(lab, target.name, 'etcd');
    await runOnNode(lab, target.name, ['rm -rf /var/lib/etcd/member']);
    if (member !== undefined) await insist(lab, target, ['member', 'remove', member.id]);
    await insist(lab, target, ['member', 'add', target.name, '--learner', `--peer-urls=${peerOf(target)}`]);
    await restartPrograms(lab, target.name, ['kube-apiserver']);
  },
  heal: async (lab, target) => {
    const member = (await listMembers(lab)).find((one) => one.peerUrl === peerOf(target));
    if (member === undefined) throw new Error(`no member has ${peerOf(target)}: restore the lab`);
    await insist(lab, target, ['member', 'promote', member.id]).catch((error: Error) => {
      if (!/can only promote a learner member/.test(error.message)) throw error;
    });
    await restartPrograms(lab, target.name, ['kube-apiserver']);
  },
  settles: { seconds: 120, what: 'the API server beside it cannot serve, for a learner answers no reads' },
});
