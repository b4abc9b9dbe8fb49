// Do ways start in time, and does the first usable answer end the race?
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ownLimit } from '../../../src/sources/failure.ts';
import { type Course, type Finish, type Lap, race } from '../../../src/sources/race.ts';

/** A way that comes to something after so many milliseconds. */
interface Runner {
  readonly name: string;
  readonly after: number;
  readonly usable: boolean;
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

interface Seen {
  readonly starts: Record<string, number>;
  readonly stopped: string[];
  readonly finish: Finish<string>;
  readonly milliseconds: number;
}

async function watch(ways: () => readonly Runner[], more: Partial<Course<Runner, string>> = {}): Promise<Seen> {
  const began = performance.now();
  const seen = { starts: {} as Record<string, number>, stopped: [] as string[] };
  const run = (way: Runner, signal: AbortSignal): Promise<Lap<string>> => {
    seen.starts[way.name] = Math.round(performance.now() - began);
    signal.addEventListener('abort', () => seen.stopped.push(way.name));
    return new Promise((resolve) => setTimeout(() => resolve({ usable: way.usable, result: way.name }), way.after));
  };
  const finished = race({ ways, run, headStart: () => 400, patience: () => 500, signal: new AbortController().signal, ...more });
  let over = false;
  void finished.then(
    () => (over = true),
    () => (over = true),
  );
  while (!over) await vi.advanceTimersByTimeAsync(1);
  return { ...seen, finish: await finished, milliseconds: Math.round(performance.now() - began) };
}

const way = (name: string, after: number, usable: boolean): Runner => ({ name, after, usable });
const fixed = (...ways: Runner[]) => {
  return () => ways;
};

describe('a race', () => {
  test('starts nobody else while the first one is quick', async () => {
    const seen = await watch(fixed(way('a', 30, true), way('b', 1, true)));
    expect(seen).toMatchObject({ starts: { a: 0 }, finish: { winner: 'a' } });
    expect(seen.starts).not.toHaveProperty('b');
  });

  test('gives each way its head start, and stops the losers', async () => {
    const seen = await watch(fixed(way('a', 9000, true), way('b', 9000, true), way('c', 20, true)));
    expect(seen.starts).toEqual({ a: 0, b: 400, c: 800 });
    expect(seen.finish).toEqual({ winner: 'c' });
    expect(seen.stopped).toEqual(expect.arrayContaining(['a', 'b']));
    expect(seen.milliseconds).toBeLessThan(830);
  });

  test('gives a way that answers others a second head start, and no third one', async () => {
    let answers = 0;
    const counting = setInterval(() => answers++, 150);
    const seen = await watch(fixed(way('a', 9000, true), way('b', 20, true)), { answersOf: ({ name }) => (name === 'a' ? answers : 0) });
    clearInterval(counting);
    expect(seen.starts).toEqual({ a: 0, b: 800 });
    const quiet = await watch(fixed(way('a', 9000, true), way('b', 20, true)), { answersOf: () => 7 });
    expect(quiet.starts).toEqual({ a: 0, b: 400 });
  });

  test('starts the next one at once when one came to nothing', async () => {
    const seen = await watch(fixed(way('a', 3, false), way('b', 4, false), way('c', 5, true)));
    expect(seen.starts['b']).toBeLessThan(10);
    expect(seen.starts['c']).toBeLessThan(20);
    expect(seen.finish).toEqual({ winner: 'c' });
  });

  test('spares the others less once one came to nothing', async () => {
    const silent = [way('a', 3, false), way('b', 2000, false), way('c', 2000, false), way('d', 2000, false)];
    const seen = await watch(fixed(...silent), { headStart: (losers) => (losers.length > 0 ? 100 : 400), patience: () => 0 });
    expect(seen.starts['d']).toBeLessThan(220);
    expect(seen.milliseconds).toBeLessThan(2230);
  });

  test('still lets an early one win that was slow', async () => {
    const seen = await watch(fixed(way('a', 600, true), way('b', 5000, true)));
    expect(seen).toMatchObject({ finish: { winner: 'a' } });
  });

  test('waits a moment for ways that become known, but not for ever', async () => {
    const began = performance.now();
    const late = await watch(() => [way0, ...(performance.now() - began > 150 ? [way1] : [])]);
    expect(late.finish).toEqual({ winner: 'b' });
    expect(late.starts['b']).toBeLessThan(200);
    const never = await watch(fixed(way('a', 1, false)));
    expect(never.finish).toEqual({ losers: ['a'] });
    expect(never.milliseconds).toBeGreaterThanOrEqual(500);
    expect(never.milliseconds).toBeLessThan(560);
    const hopeless = await watch(fixed(way('a', 1, false)), { patience: () => 0 });
    expect(hopeless.milliseconds).toBeLessThan(10);
  });

  test('hands back what arrives usable after the end', async () => {
    const discarded: string[] = [];
    const both = [way('a', 401, true), way('b', 1, true)];
    await watch(() => both, { discard: (result) => discarded.push(result) });
    await vi.advanceTimersByTimeAsync(10);
    expect(discarded).toHaveLength(1);
  });

  test('rejects when its signal ends it or a lap breaks', async () => {
    const run = (): Promise<Lap<string>> => Promise.reject(new Error('broken'));
    await expect(watch(fixed(way('a', 1, true)), { run })).rejects.toThrow('broken');
  });
});

const way0 = way('a', 1, false);
const way1 = way('b', 1, true);

test('a way that this machine bars leaves the others their chance, and is named when none was usable', async () => {
  const barred = ownLimit(Object.assign(new Error(), { code: 'EMFILE' }), 'first');
  const run = (usable: boolean) => (name: string) =>
    name === 'first' ? Promise.reject(barred) : Promise.resolve({ usable, result: name });
  const course = { ways: () => ['first', 'second'], headStart: () => 400, patience: () => 0, signal: new AbortController().signal };
  expect(await race({ ...course, run: run(true) })).toEqual({ winner: 'second' });
  await expect(race({ ...course, run: run(false) })).rejects.toBe(barred);
});
