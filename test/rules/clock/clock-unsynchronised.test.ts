// Is a clock that nobody keeps, or that jumps, told from one that runs on?
import { expect, test } from 'vitest';
import rule from '../../../rules/clock/clock-unsynchronised.ts';
import two from '../../../rules/leader/le-two-active.ts';
import type { ClockReading } from '../../../src/model/evidence.ts';
import { avoidOf, fixesOf, gateOf, unfilled } from '../../kit/texts.ts';
import { asFail, healthyWorld, now, type World } from '../../kit/world.ts';

/** Some Dates of a clock that is off by so many milliseconds, asked over a second from `from` on. */
function dates(off: number, from = now): readonly ClockReading[] {
  return [0, 250, 500, 750].map((after) => {
    const at = from + after;
    return { sentAt: at, receivedAt: at + 10, serverTime: Math.floor((at + 5 + off) / 1000) * 1000, resolutionMs: 1000 };
  });
}

/** Two looks 15 s apart at each master's clock. */
function watched(moves: Readonly<Record<string, number>> = {}, ours = 0): World {
  const world = healthyWorld();
  for (const node of ['m1', 'm2', 'm3']) {
    world.set('api.clock', node, { readings: dates(0) });
    world.again('api.clock', node, { readings: dates((moves[node] ?? 0) - ours, now + 15_000) });
  }
  return world;
}

const kept = { node: 'm1', kernelSynchronised: true, serviceOn: true } as const;

test('a master whose time service says so passes, and it alone: of the others that is not seen', () => {
  const world = healthyWorld().set('here.time', undefined, kept);
  expect(world.judge(rule).map((verdict) => verdict.status)).toEqual(['pass', 'unknown', 'unknown']);
  const chrony = healthyWorld().set('here.time', undefined, { node: 'm1', kernelSynchronised: false, chronySynchronised: true });
  expect(chrony.verdict(rule, 'm1').status).toBe('pass');
});

test.each([
  [{ kernelSynchronised: false, serviceOn: false }, 'kept by nobody'],
  [{ kernelSynchronised: false, serviceOn: true }, 'not synchronised'],
  [{ chronySynchronised: false }, 'not synchronised'],
])('%o is a fault', (told, words) => {
  const world = healthyWorld().set('here.time', undefined, { node: 'm1', ...told });
  const verdict = asFail(world.verdict(rule, 'm1'));
  expect(verdict).toMatchObject({ reason: 'unsynchronised', witness: 'stated', facts: { words: expect.stringContaining(words) } });
  expect(unfilled(rule, verdict)).toEqual([]);
  expect(fixesOf(rule, world, verdict).every((fix) => fix.where === 'm1')).toBe(true);
  expect(avoidOf(rule, world, verdict)).toHaveLength(1);
});

test('a clock that was set between two looks, against the others', () => {
  const world = watched({ m2: 3000 });
  const verdict = asFail(world.verdict(rule, 'm2'));
  expect(verdict).toMatchObject({ reason: 'moved', subject: { keys: { node: 'm2' } }, facts: { pace: 15, rate: 'no' } });
  expect(unfilled(rule, verdict)).toEqual([]);
  for (const other of ['m1', 'm3']) expect(world.verdict(rule, other).status).toBe('unknown');
});

test('a clock that is off and stays so has not moved; nor has one when ours was set', () => {
  for (const world of [watched(), watched({ m2: 200 }), watched({}, 60_000)])
    for (const verdict of world.judge(rule)) expect(verdict.status).toBe('unknown');
});

test('a clock that is set while it is asked', () => {
  const world = watched();
  const readings = [...dates(0), ...dates(60_000, now + 1000)];
  world.set('api.clock', 'm3', { readings });
  expect(asFail(world.verdict(rule, 'm3')).reason).toBe('moved');
  const all = healthyWorld();
  for (const node of ['m1', 'm2', 'm3']) all.set('api.clock', node, { readings });
  for (const verdict of all.judge(rule)) expect(verdict.status).toBe('unknown');
});

test('two leaders are never the clocks’ doing, unless one runs at another pace', () => {
  const alternating = (world: World): World => {
    const item = world.evidence.items.find((one) => one.id === 'kube.leases');
    if (item?.state !== 'known' || item.id !== 'kube.leases') throw new Error('the world has leases');
    const heldBy = (holder: string) => ({ ...item.value, leases: item.value.leases.map((one) => ({ ...one, holder })) });
    for (const [index, holder] of ['m2_77aa-11', 'm1_0c1d'].entries())
      world.again('kube.leases', undefined, heldBy(holder), 5000 * (index + 1));
    return world;
  };
  for (const [moves, gate] of [
    [{ m2: 3000 }, 'no'],
    [{ m2: 12_000 }, 'unknown'],
  ] as const) {
    const world = alternating(watched(moves));
    const effect = asFail(world.verdict(two, 'kube-system/Lease/kube-controller-manager'));
    expect(gateOf(rule, world, asFail(world.verdict(rule, 'm2')), effect)).toEqual([gate]);
  }
});

test('without a look of some seconds, or with one, or with the word of another machine: unknown', () => {
  for (const verdict of healthyWorld().judge(rule)) expect(verdict.status).toBe('unknown');
  const once = healthyWorld();
  for (const node of ['m1', 'm2', 'm3']) once.set('api.clock', node, { readings: dates(0) });
  for (const verdict of once.judge(rule)) expect(verdict.status).toBe('unknown');
  const other = healthyWorld().set('here.time', undefined, { ...kept, node: 'w1' });
  for (const verdict of other.judge(rule)) expect(verdict.status).toBe('unknown');
});
