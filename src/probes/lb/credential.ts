// Is the operator's credential accepted through the address in the kubeconfig?
import { deadlines } from '../../sources/source.ts';
import { defineProbe } from '../probe.ts';
import { entryNames, entryRequest } from '../shared/entry.ts';
import { readBestTry, writeTries } from '../shared/tries.ts';
import { answered, tryInWindow } from '../shared/window.ts';

export default defineProbe({
  id: 'lb.credential',
  title: 'a login through the load balancer',
  why: 'Tells a refused login from an unreachable API.',
  reads: [{ verb: 'get', group: '', resource: 'namespaces', namespace: 'kube-system' }],
  after: ['operator.kubeconfig'],
  timeoutMs: 9000,
  gather: async (_subject, around) => {
    const { source, topology, signal } = around;
    const asked = entryRequest(around, topology.entry?.host ?? '', '/api/v1/namespaces/kube-system', 'operator');
    const tries = await tryInWindow((bound) => source.request({ ...asked, deadlines: deadlines.usual, signal: bound }), answered, signal);
    return { raw: writeTries(tries, source.anchors('operator'), entryNames(around)), source: 'through the LB' };
  },
  read: (raw) => ({ last: readBestTry(raw) }),
});
