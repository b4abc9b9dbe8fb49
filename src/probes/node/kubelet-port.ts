// Does the kubelet's port on one machine answer?
import { defineProbe } from '../probe.ts';
import { gap } from '../shared/gaps.ts';
import { gatherKnock, readKnock } from '../shared/knock.ts';

const kubeletPort = 10250;

export default defineProbe({
  id: 'node.kubelet-port',
  title: 'the kubelet’s port',
  why: 'A machine on which a second port answers is not down, whatever the first one does.',
  reads: [],
  after: [],
  timeoutMs: 4000,
  gather: (subject, around) => {
    const host = around.topology.machines.find((machine) => machine.subject.id === subject.id)?.host;
    if (host === undefined)
      return Promise.reject(gap('absent', `no address is known for node ${subject.name}`, 'kubectl get nodes -o wide'));
    return gatherKnock(host, kubeletPort, around);
  },
  read: readKnock,
});
