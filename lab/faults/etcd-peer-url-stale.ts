// Fault: the member list still has the address a machine had before it moved.
import { listMembers } from '../etcd.ts';
import { defineFault } from '../fault.ts';
import type { LabHandle } from '../handle.ts';
import { restartPrograms } from '../services.ts';
import type { NodePlan } from '../topology.ts';

export default defineFault({
  name: 'etcd-peer-url-stale',
  breaks: "one member's peer URL in etcd's member list: an address that no machine has; the member was restarted since",
  place: 'etcd',
  parameters: { url: { means: 'what the list says', default: 'https://10.89.0.99:2380' } },
  inject: async (lab, target, { url }) => {
    await setPeerUrl(lab, target, url);
    if (target.role === 'master') await restartPrograms(lab, target.name, ['etcd']);
  },
  heal: (lab, target) => setPeerUrl(lab, target, `https://${target.address}:2380`),
  settles: { seconds: 30, what: 'the others have tried that address a few times' },
});

async function setPeerUrl(lab: LabHandle, target: NodePlan, url: string): Promise<void> {
  const member = (await listMembers(lab)).find((candidate) => candidate.name === target.name);
  if (member === undefined) throw new Error(`etcd does not know ${target.name}`);
  if (member.peerUrl !== url) await lab.etcdctl(['member', 'update', member.id, `--peer-urls=${url}`]);
}
