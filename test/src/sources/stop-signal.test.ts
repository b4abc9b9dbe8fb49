// Does a deadline fire even where only those who wait for it know it?
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { anyOf, timeLimit } from '../../../src/sources/stop-signal.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function aborts(signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(true), { once: true });
    setTimeout(() => resolve(false), 2000);
  });
}

test('a limit within a signal of its own survives a collection of garbage', async () => {
  const outer = new AbortController();
  const fired = aborts(anyOf(anyOf(outer.signal, timeLimit(200)), new AbortController().signal));
  await new Promise((resolve) => setTimeout(resolve, 20));
  collectGarbage();
  expect(await fired).toBe(true);
});

test('each of several signals ends it, also one that was aborted before', async () => {
  const [first, second] = [new AbortController(), new AbortController()];
  const both = anyOf(first.signal, second.signal);
  expect(both.aborted).toBe(false);
  second.abort();
  expect(both.aborted).toBe(true);
  expect(anyOf(first.signal, second.signal).aborted).toBe(true);
});

test('hundreds may wait for the same end without a warning', async () => {
  const warnings: Error[] = [];
  const hear = (warning: Error): number => warnings.push(warning);
  process.on('warning', hear);
  const run = new AbortController();
  const waiting = Array.from({ length: 100 }, () => anyOf(run.signal, timeLimit(5000)));
  for (const signal of waiting) signal.addEventListener('abort', () => undefined);
  for (let listener = 0; listener < 20; listener++) waiting[0]?.addEventListener('abort', () => listener);
  await new Promise((resolve) => setTimeout(resolve, 10));
  process.off('warning', hear);
  expect(warnings).toEqual([]);
  run.abort();
  expect(waiting.every((signal) => signal.aborted)).toBe(true);
});
