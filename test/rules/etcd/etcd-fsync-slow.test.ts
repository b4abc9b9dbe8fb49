// Does etcd-fsync-slow tell a slow disk from a quick one, and from one that was looked at only once?
import { expect, test } from 'vitest';
import rule from '../../../rules/etcd/etcd-fsync-slow.ts';
import { countersOf, lookAgain, plus, slowly } from '../../kit/slow.ts';
import { fast } from '../../kit/healthy.ts';
import { asFail, expectTextsFilled, fixesOf, healthyWorld, knocksOnly, silence, type World } from './kit.ts';

const quick = (world: World, count = 60): World =>
  lookAgain(world, 'm2', (old) => ({ walFsync: plus(old.walFsync ?? fast(0), count, 0.002) }));

test.each([
  [60, 0.002, 'pass', undefined],
  [60, 0.02, 'fail', 'info'],
  [60, 0.2, 'fail', 'warning'],
  [60, 2, 'fail', 'critical'],
  [3, 0.2, 'fail', 'warning'],
  [2, 0.2, 'unknown', undefined],
  [19, 0.002, 'unknown', undefined],
  [20, 0.002, 'pass', undefined],
] as const)('%i writes of %d s between two looks: %s %s', (count, seconds, status, severity) => {
  const verdict = slowly('walFsync', count, seconds).verdict(rule, 'm2');
  expect([verdict.status, verdict.status === 'fail' ? verdict.severity : undefined]).toEqual([status, severity]);
});

test('what was slow before the first look, or one write in a thousand, is not slow now', () => {
  const past = healthyWorld();
  past.set('etcd.metrics', 'm2', { ...countersOf(past, 'm2'), walFsync: plus(fast(10), 500, 2) });
  expect(quick(past).verdict(rule, 'm2').status).toBe('pass');
  const rare = lookAgain(healthyWorld(), 'm2', (old) => ({ walFsync: plus(plus(old.walFsync ?? fast(0), 2000, 0.002), 5, 0.5) }));
  expect(rare.verdict(rule, 'm2').status).toBe('pass');
});

test('more than 10 ms is a warning where heartbeats come late too', () => {
  const world = lookAgain(healthyWorld(), 'm1', (old) => ({ walFsync: plus(old.walFsync ?? fast(0), 60, 0.03), lateHeartbeats: 6 }));
  const verdict = asFail(world.verdict(rule, 'm1'));
  expect(verdict.severity).toBe('warning');
  expect(String(verdict.facts['late'])).toBe('6 heartbeats were sent late meanwhile');
});

test('it says how many of how many, and who else could lead', () => {
  const world = lookAgain(healthyWorld(), 'm1', (old) => ({ walFsync: plus(old.walFsync ?? fast(0), 60, 0.2) }));
  for (const node of ['m2', 'm3'] as const) lookAgain(world, node, (old) => ({ walFsync: plus(old.walFsync ?? fast(0), 60, 0.002) }));
  const verdict = asFail(world.verdict(rule, 'm1'));
  expect(verdict.facts).toMatchObject({ member: 'm1', count: 60, seconds: 15, slow: 60, bound: '100 ms' });
  expectTextsFilled(rule, verdict);
  const fixes = fixesOf(world, rule, verdict);
  expect(fixes.flatMap((fix) => fix.run)).toContain('etcdctl --endpoints https://10.89.0.11:2379 move-leader a2c947be10d8f355');
});

test('the lead is not moved away from a follower, nor to a disk that is no faster', () => {
  const follower = slowly('walFsync', 60, 0.2);
  const all = healthyWorld();
  for (const node of ['m1', 'm2', 'm3'] as const) lookAgain(all, node, (old) => ({ walFsync: plus(old.walFsync ?? fast(0), 60, 0.2) }));
  for (const [world, node] of [
    [follower, 'm2'],
    [all, 'm1'],
  ] as const) {
    const fixes = fixesOf(world, rule, asFail(world.verdict(rule, node)));
    expect(fixes.flatMap((fix) => fix.run).some((line) => line.includes('move-leader'))).toBe(false);
  }
});

test('one look that shows many slow writes since the start asks for a second one', () => {
  const at = (slow: number) => {
    const world = healthyWorld();
    const verdict = world
      .set('etcd.metrics', 'm2', { ...countersOf(world, 'm2'), walFsync: plus(fast(1000), slow, 0.2) })
      .verdict(rule, 'm2');
    return verdict.status === 'unknown' && verdict.secondLook === 'urged';
  };
  expect([at(5), at(50)]).toEqual([false, true]);
});

test('one look is no rate; a restart between two begins anew; no counters are unknown; a dead member has none', () => {
  const one = healthyWorld().verdict(rule, 'm2');
  expect(one.status === 'unknown' && one.gaps[0]?.howToGet).toBe('--deep');
  const restarted = lookAgain(healthyWorld(), 'm2', (old) => ({ walFsync: fast(10), processStart: (old.processStart ?? 0) + 86_000 }));
  expect(restarted.verdict(rule, 'm2').status).toBe('unknown');
  expect(knocksOnly(healthyWorld()).verdict(rule, 'm2').status).toBe('unknown');
  const { walFsync: _old, ...rest } = countersOf(healthyWorld(), 'm2');
  expect(healthyWorld().set('etcd.metrics', 'm2', rest).verdict(rule, 'm2').status).toBe('unknown');
  expect(silence(healthyWorld(), 'm2').verdict(rule, 'm2').status).toBe('not-applicable');
});
