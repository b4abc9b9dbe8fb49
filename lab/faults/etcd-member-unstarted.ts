// Fault: etcd counts a member that was never started.
import { listMembers } from '../etcd.ts';
import { defineFault } from '../fault.ts';
import { waitUntil } from '../processes.ts';

/** No machine has this address. */
const peerUrl = 'https://10.89.0.19:2380';

export default defineFault({
  name: 'etcd-member-unstarted',
  breaks: "etcd's membership: one more voter is announced (`member add`) and never started",
  place: 'cluster',
  parameters: {},
  inject: async (lab) => {
    // Refused for a while after a member came back.
    let last = '';
    const added = await waitUntil(
      () =>
        lab.etcdctl(['member', 'add', 'm4', `--peer-urls=${peerUrl}`]).then(
          () => true,
          (error: Error) => {
            last = error.message;
            return false;
          },
        ),
      30_000,
      1000,
    );
    if (!added) throw new Error(last);
  },
  heal: async (lab) => {
    const member = (await listMembers(lab)).find((candidate) => candidate.peerUrl === peerUrl);
    if (member !== undefined) await lab.etcdctl(['member', 'remove', member.id]);
  },
  settles: { seconds: 1, what: 'the member list has a line without a name' },
});
