// Does a member's peer port answer, and which certificate does it show?
import { defineProbe } from '../probe.ts';
import { memberOf } from '../shared/gaps.ts';
import { gatherPeerKnock, readKnock } from '../shared/knock.ts';

export default defineProbe({
  id: 'etcd.peer-port',
  title: 'a member’s peer port',
  why: 'A member that was started but has no quorum answers here and nowhere else.',
  reads: [],
  after: [],
  timeoutMs: 4000,
  gather: (subject, around) => {
    const { host, peerPort } = memberOf(subject, around.topology);
    return gatherPeerKnock(host, peerPort, around);
  },
  read: readKnock,
});
