// No fault, but a change that must not be taken for one: the etcd leader is moved on purpose.
import { findLeader, listMembers } from '../etcd.ts';
import { defineFault } from '../fault.ts';
import { etcdClientUrl } from '../handle.ts';

export default defineFault({
  name: 'etcd-leader-moved',
  breaks: 'nothing: etcd is asked to make the target its leader',
  place: 'etcd',
  parameters: {},
  inject: async (lab, target) => {
    const leader = await findLeader(lab);
    if (leader.name === target.name) throw new Error(`${target.name} is the leader already; name another member`);
    const member = (await listMembers(lab)).find((candidate) => candidate.name === target.name);
    if (member === undefined) throw new Error(`etcd does not know ${target.name}`);
    await lab.etcdctl(['move-leader', member.id], { endpoints: [etcdClientUrl(leader)] });
  },
  heal: () => Promise.resolve(),
  settles: { seconds: 1, what: 'all members name the new leader' },
});
