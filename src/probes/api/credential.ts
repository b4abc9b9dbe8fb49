// Does one API server accept the operator's credential, asked at its own address?
import { deadlines } from '../../sources/source.ts';
import { defineProbe } from '../probe.ts';
import { masterNames } from '../shared/entry.ts';
import { masterOf } from '../shared/gaps.ts';
import { readBestTry, writeTries } from '../shared/tries.ts';
import { answered, tryInWindow } from '../shared/window.ts';

const path = '/api/v1/namespaces/kube-system';

export default defineProbe({
  id: 'api.credential',
  title: 'a login at one API server',
  why: 'A credential that one master takes and another refuses points at that master, not at the operator.',
  reads: [{ verb: 'get', group: '', resource: 'namespaces', namespace: 'kube-system' }],
  after: [],
  timeoutMs: 9000,
  gather: async (subject, around) => {
    const { source, topology, signal } = around;
    const { host, port } = masterOf(subject, topology);
    const ask = (bound: AbortSignal) =>
      source.request({ scheme: 'https', host, port, path, identity: 'operator', deadlines: deadlines.usual, signal: bound });
    const tries = await tryInWindow(ask, answered, signal);
    return { raw: writeTries(tries, source.anchors('operator'), masterNames(around, host)), source: 'direct' };
  },
  read: (raw) => ({ last: readBestTry(raw) }),
});
