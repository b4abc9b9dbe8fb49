// Does a member's client port answer, and which certificate does it show?
import { defineProbe } from '../probe.ts';
import { memberOf } from '../shared/gaps.ts';
import { gatherEtcdKnock, readKnock } from '../shared/knock.ts';

export default defineProbe({
  id: 'etcd.client-port',
  title: 'a member’s client port',
  why: 'Tells a dead process, a hung one and a lost machine apart without any credential.',
  reads: [],
  after: [],
  timeoutMs: 4000,
  gather: (subject, around) => {
    const { host, clientPort } = memberOf(subject, around.topology);
    return gatherEtcdKnock(host, clientPort, around);
  },
  read: readKnock,
});
