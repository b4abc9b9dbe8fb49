// Does one API server say that it is ready, asked at its own address?
import { deadlines, type Identity, type RawTry } from '../../sources/source.ts';
import { defineProbe } from '../probe.ts';
import { masterNames } from '../shared/entry.ts';
import { masterOf } from '../shared/gaps.ts';
import { readAnchors, readTriesAndLogin, writeTries } from '../shared/tries.ts';
import { tryInWindow } from '../shared/window.ts';
import { failsForEtcd, readinessPath, shortReadinessPath } from '../shared/readiness.ts';

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
    const ask = (path: string, identity: Identity, bound: AbortSignal) =>
      source.request({ scheme: 'https', host, port, path, identity, deadlines: deadlines.health, signal: bound });
    const asStranger = (bound: AbortSignal, place: number) => ask(place === 0 ? readinessPath : shortReadinessPath, 'none', bound);
    const tries = await tryInWindow(asStranger, isReady, signal, failsForEtcd);
    const needsLogin = tries.some(refusesStrangers) && !tries.some(isReady);
    const login = needsLogin ? await ask(readinessPath, 'operator', signal).catch(noLogin) : undefined;
    return { raw: writeTries(tries, source.anchors('operator'), masterNames(around, host), login), source: 'direct' };
  },
  read: (raw) => ({ ...readTriesAndLogin(raw), ...readAnchors(raw) }),
});

/** It may keep its health to itself, or be unable to read who may do what: one that is let in is told which. */
function refusesStrangers(one: RawTry): boolean {
  return one.answer?.status === 401 || one.answer?.status === 403;
}

/** The kubeconfig's credential could not be brought: that was tried, and tells nothing about the server. */
function noLogin(error: unknown): RawTry {
  const now = Date.now();
  const detail = error instanceof Error ? error.message : String(error);
  return { address: '', sentAt: now, receivedAt: now, connected: false, chain: [], failure: { why: 'protocol', detail } };
}

function isReady(one: RawTry): boolean {
  return one.answer?.status === 200;
}
