// What time is it on one API server, as exactly as a few seconds of asking can tell?
import { joinAddress } from '../../model/address.ts';
import { setTimeout as pause } from 'node:timers/promises';
import * as z from 'zod';
import type { ClockReading } from '../../model/evidence.ts';
import { subjectKey } from '../../model/subject.ts';
import { deadlines, type RawTry } from '../../sources/source.ts';
import { defineProbe } from '../probe.ts';
import { gap, masterOf } from '../shared/gaps.ts';
import { parseRaw, rawTry, serverTimeOf } from '../shared/raw.ts';

/**
 * Milliseconds after the first question at which the next ones are asked: spread over a second, so that some Date turns
 * between two of them. Each of the later ones is aimed at the turn itself and halves what is left open. Eight questions
 * leave a bound of one round trip and a few milliseconds (measured: 11 ms on a quick path, 84 ms with 40 ms of delay).
 */
const spread = [0, 250, 500, 750] as const;
const aimed = 4;
/** A question that would halve less than this is not worth a second of waiting. */
const goodEnough = 20;

export default defineProbe({
  id: 'api.clock',
  title: 'the clock of one API server, to a few milliseconds',
  why: 'Two looks prove smaller differences than a single Date header can, and show a clock that was set or runs at another pace.',
  reads: [{ verb: 'get', group: '', resource: '/version' }],
  after: [],
  again: 'only',
  timeoutMs: 12_000,
  gather: async (subject, { source, topology, signal }) => {
    const { host, port } = masterOf(subject, topology);
    const ask = () =>
      source.request({ scheme: 'https', host, port, path: '/version', identity: 'none', deadlines: deadlines.usual, signal });
    const tries = await questions(ask, signal);
    if (tries.every((one) => serverTimeOf(one) === undefined))
      throw gap(
        'failed',
        `API server ${subject.name} told no time`,
        `curl -skI https://${joinAddress(host, port)}/livez | grep -i ^date`,
        subjectKey(subject),
      );
    return { raw: JSON.stringify({ tries: tries.map(slim) }), source: 'direct' };
  },
  read: (raw) => ({ readings: parseRaw(raw, z.object({ tries: z.array(rawTry).min(1) })).tries.flatMap(readingOf) }),
});

async function questions(ask: () => Promise<RawTry>, signal: AbortSignal): Promise<readonly RawTry[]> {
  const tries = await Promise.all(spread.map((after) => (after === 0 ? ask() : pause(after, undefined, { signal }).then(ask))));
  for (let left = aimed; left > 0; left -= 1) {
    const readings = tries.flatMap(readingOf);
    const wait = waitForTurn(readings);
    if (wait === undefined) break;
    await pause(wait, undefined, { signal });
    tries.push(await ask());
  }
  return tries;
}

/** Milliseconds until a question would reach the server just when its second turns, if it turns where we now believe. */
function waitForTurn(readings: readonly ClockReading[]): number | undefined {
  const low = Math.max(...readings.map((one) => one.serverTime - one.receivedAt));
  const high = Math.min(...readings.map((one) => one.serverTime + one.resolutionMs - one.sentAt));
  const trip = Math.min(...readings.map((one) => one.receivedAt - one.sentAt));
  if (readings.length === 0 || high <= low || high - low <= Math.max(goodEnough, trip)) return undefined;
  const serverThen = Date.now() + (low + high) / 2 + trip / 2;
  return 1000 - (((serverThen % 1000) + 1000) % 1000);
}

function readingOf(one: RawTry): readonly ClockReading[] {
  const serverTime = serverTimeOf(one);
  return serverTime === undefined ? [] : [{ sentAt: one.sentAt, receivedAt: one.receivedAt, serverTime, resolutionMs: 1000 }];
}

/** The chain and the body of each answer are of no use here. */
function slim(one: RawTry): RawTry {
  const { answer } = one;
  return { ...one, chain: [], ...(answer && { answer: { ...answer, headers: { date: answer.headers['date'] ?? '' }, body: '' } }) };
}
