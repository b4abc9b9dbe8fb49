// Who answers behind the address in the kubeconfig, and does every connection meet a healthy one?
import { setTimeout as sleep } from 'node:timers/promises';
import type { RawTry } from '../../sources/source.ts';
import { defineProbe, type Surroundings } from '../probe.ts';
import { entryNames, entryRequest } from '../shared/entry.ts';
import { shortReadinessPath } from '../shared/readiness.ts';
import { describeChain, readAnchors, readTries, writeTries } from '../shared/tries.ts';

/** As many as three masters need behind a round robin, and one more. */
const firstWave = 4;
/** When nothing there speaks TLS, more connections show only whether that lasts. */
const silentWave = 2;
/** Milliseconds for which the masters are waited for, and between two looks whether they have answered. */
const patience = 300;
const pause = 20;
/** A first wave in which silence was waited for longer than this (milliseconds) has shown what a second one could, and waiting has a price. */
const longWave = 2000;

export default defineProbe({
  id: 'lb.tries',
  title: 'connections through the load balancer',
  why: 'Shows what clients meet: every backend they are sent to, and its certificate.',
  reads: [{ verb: 'get', group: '', resource: '/readyz' }],
  after: ['operator.kubeconfig'],
  timeoutMs: 14_000,
  gather: async (_subject, around) => {
    const { source, topology, settings, signal } = around;
    const host = topology.entry?.host ?? '';
    // Behind a proxy the name is the proxy's to resolve.
    const resolved = around.value('operator.kubeconfig')?.proxied === true ? [] : await source.resolve(host, signal);
    const addresses = resolved.length === 0 ? [host] : resolved;
    const wave = (from: number, to: number): Promise<readonly RawTry[]> =>
      Promise.all(
        Array.from({ length: Math.max(0, to - from) }, (_, index) => {
          const address = addresses[(from + index) % addresses.length] ?? host;
          return source.request({ ...entryRequest(around, address, shortReadinessPath, 'none'), signal });
        }),
      );
    const most = Math.max(1, settings.lbConnections);
    const begun = Date.now();
    const first = await wave(0, Math.min(most, Math.max(firstWave, addresses.length)));
    const speaksTls = first.some((one) => one.chain.length > 0);
    const until = speaksTls ? most : Math.min(most, first.length + silentWave);
    const hasWaited = Date.now() - begun > longWave && first.some((one) => one.answer === undefined);
    const enough = hasWaited || (speaksTls && (await showsEveryMaster(first, around)));
    const tries = enough ? first : [...first, ...(await wave(first.length, until))];
    return { raw: writeTries(tries, source.anchors('operator'), entryNames(around)), source: 'through the LB' };
  },
  read: (raw) => ({ tries: readTries(raw), ...readAnchors(raw) }),
});

/** A handshake costs more than the moment in which the masters may yet say which leaves there are to be met. */
async function showsEveryMaster(tries: readonly RawTry[], around: Surroundings): Promise<boolean> {
  for (const end = Date.now() + patience; !sawEveryMaster(tries, around); await sleep(pause)) {
    if (Date.now() > end || around.signal.aborted) return false;
  }
  return true;
}

/** Whether the connections so far met the leaf of every master that showed us one when asked directly. */
function sawEveryMaster(tries: readonly RawTry[], { topology, value }: Surroundings): boolean {
  const met = new Set(tries.flatMap((one) => describeChain(one.chain)[0]?.sha256 ?? []));
  const wanted = topology.masters.map((master) => {
    const ready = value('api.ready', master.subject);
    return ready?.tries.find((one) => one.chain.length > 0)?.chain[0]?.sha256;
  });
  return wanted.length > 0 && wanted.every((sha256) => sha256 !== undefined && met.has(sha256));
}
