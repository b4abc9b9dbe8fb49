// Do three tries fit in one window, and is nothing that was seen lost?
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { RawTry } from '../../../../src/sources/source.ts';
import { answered, bestTry, tryInWindow } from '../../../../src/probes/shared/window.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const base = { address: '10.0.0.1:1', receivedAt: 0, connected: true, chain: [] };

interface Plan {
  readonly takes: number;
  readonly status?: number;
  /** Its answer says why the others have none. */
  readonly tellsWhy?: true;
}

/** Runs the plans in order and tells when each began and when all was over. */
async function run(plans: readonly Plan[]) {
  const start = Date.now();
  const begun: number[] = [];
  let stopped = 0;
  const attempt = (signal: AbortSignal): Promise<RawTry> => {
    const plan = plans[begun.length];
    if (plan === undefined) throw new Error('more tries than planned');
    begun.push(Date.now() - start);
    return new Promise((resolve, reject) => {
      const end = { ...base, address: plan.tellsWhy ? 'tells why' : base.address, sentAt: plan.takes };
      const failure = { why: 'timeout' as const, detail: 'silence' };
      setTimeout(
        () => resolve(plan.status === undefined ? { ...end, failure } : { ...end, answer: { status: plan.status, headers: {}, body: '' } }),
        plan.takes,
      );
      signal.addEventListener('abort', () => {
        stopped += 1;
        reject(new Error('stopped'));
      });
    });
  };
  let over = -1;
  const isGood = (one: RawTry) => one.answer?.status === 200;
  const tellsWhy = (one: RawTry) => one.address === 'tells why';
  const result = tryInWindow(attempt, isGood, new AbortController().signal, tellsWhy).then((tries) => {
    over = Date.now() - start;
    return tries;
  });
  await vi.advanceTimersByTimeAsync(20_000);
  const tries = await result;
  return { begun, over, stopped, took: tries.map((one) => one.sentAt), tries };
}

describe('tryInWindow', () => {
  test('a good answer at once ends it', async () => {
    expect(await run([{ takes: 5, status: 200 }])).toMatchObject({ begun: [0], over: 5, took: [5] });
  });

  test('quick failures are asked again at 300 and 600 ms', async () => {
    expect(await run([{ takes: 1 }, { takes: 1 }, { takes: 1 }])).toMatchObject({ begun: [0, 300, 600], over: 601, took: [1, 1, 1] });
  });

  test('a black hole costs its own deadline and the window, not three deadlines', async () => {
    expect(await run([{ takes: 2000 }, { takes: 2000 }, { takes: 2000 }])).toMatchObject({ begun: [0, 300, 600], over: 2600 });
  });

  test('a server that is slow once is not asked a third time, and the slow try is kept', async () => {
    expect(
      await run([
        { takes: 400, status: 200 },
        { takes: 50, status: 200 },
      ]),
    ).toMatchObject({ begun: [0, 300], over: 400, took: [400, 50] });
  });

  test('an early silence is waited for even when a later try is good', async () => {
    const { tries, over } = await run([{ takes: 1000 }, { takes: 10, status: 200 }]);
    expect(tries.map((one) => one.failure?.why ?? one.answer?.status)).toEqual(['timeout', 200]);
    expect(over).toBe(1000);
  });

  test('tries after an answered one get little patience and leave no trace', async () => {
    const found = await run([
      { takes: 4000, status: 500 },
      { takes: 4000, status: 500 },
      { takes: 9000, status: 500 },
    ]);
    expect(found).toMatchObject({ begun: [0, 300, 600], over: 4300, took: [4000, 4000] });
    expect((await run([{ takes: 700, status: 500 }, { takes: 9000 }, { takes: 9000 }])).took).toEqual([700]);
  });

  test('an answer that says why earlier tries have none ends the wait, though not before every try has begun', async () => {
    const late = [{ takes: 4000, status: 500 }, { takes: 2000, status: 500, tellsWhy: true as const }, { takes: 9000 }];
    expect(await run(late)).toMatchObject({ begun: [0, 300, 600], over: 2300, took: [2000] });
    const early = [{ takes: 10, status: 500, tellsWhy: true as const }, { takes: 4000 }, { takes: 20, status: 500 }];
    expect(await run(early)).toMatchObject({ begun: [0, 300, 600], over: 620, took: [10, 20] });
  });

  test('what an attempt throws is thrown', async () => {
    const found = tryInWindow(() => Promise.reject(new Error('no certificate')), answered, new AbortController().signal);
    await expect(found).rejects.toThrow('no certificate');
    expect(vi.getTimerCount()).toBe(0);
  });

  test('the best try is the first answered one, else the last that connected, else the last', () => {
    const failed = { ...base, sentAt: 1, failure: { why: 'refused' as const, detail: '' } };
    const good = { ...base, sentAt: 2, answer: { status: 403, headers: {}, body: '' } };
    expect(bestTry([failed, good, { ...good, sentAt: 3 }])?.sentAt).toBe(2);
    expect(bestTry([failed, { ...failed, sentAt: 9 }])?.sentAt).toBe(9);
    expect(bestTry([failed, { ...failed, sentAt: 8 }, { ...failed, sentAt: 9, connected: false }])?.sentAt).toBe(8);
  });
});
