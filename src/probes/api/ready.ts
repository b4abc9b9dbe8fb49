// Does one API server say that it is ready, asked at its own address?
import { deadlines, type RawTry } from '../../sources/source.ts';
import { defineProbe } from '../probe.ts';
import { masterNames } from '../shared/entry.ts';
import { masterOf } from '../shared/gaps.ts';
import { readTries, writeTries } from '../shared/tries.ts';
import { tryInWindow } from '../shared/window.ts';

export default defineProbe({
  id: 'api.ready',
  title: 'readiness of one API server',
  why: 'Tells a dead, hung, unready and healthy API server apart, whatever the load balancer thinks of it.',
  reads: [{ verb: 'get', group: '', resource: '/readyz' }],
  after: [],
  timeoutMs: 9000,
  gather: async (subject, around) => {
    const { source, topology, signal } = around;
    const { host, port } = masterOf(subject, topology);
    const ask = (bound: AbortSignal) =>
      source.request({ scheme: 'https', host, port, path: '/readyz', identity: 'none', deadlines: deadlines.health, signal: bound });
    const tries = await tryInWindow(ask, isReady, signal);
    return { raw: writeTries(tries, source.anchors('operator'), masterNames(around, host)), source: 'direct' };
  },
  read: (raw) => ({ tries: readTries(raw) }),
});

function isReady(one: RawTry): boolean {
  return one.answer?.status === 200;
}
