// Does etcd-heartbeat-late count only what came late between two looks?
import { expect, test } from 'vitest';
import rule from '../../../rules/etcd/etcd-heartbeat-late.ts';
import { countersOf, lookAgain } from '../../kit/slow.ts';
import { asFail, expectTextsFilled, fixesOf, healthyWorld, knocksOnly } from './kit.ts';

function late(before: number, after: number) {
  const world = healthyWorld();
  world.set('etcd.metrics', 'm1', { ...countersOf(world, 'm1'), lateHeartbeats: before });
  return lookAgain(world, 'm1', () => ({ lateHeartbeats: after }));
}

test.each([
  [0, 0, 'pass', undefined],
  [500, 500, 'pass', undefined],
  [500, 504, 'fail', 'info'],
  [500, 505, 'fail', 'warning'],
] as const)('%i, then %i: %s %s', (before, after, status, severity) => {
  const verdict = late(before, after).verdict(rule, 'm1');
  expect([verdict.status, verdict.status === 'fail' ? verdict.severity : undefined]).toEqual([status, severity]);
});

test('its texts are filled', () => {
  const world = late(3, 20);
  const verdict = asFail(world.verdict(rule, 'm1'));
  expect(verdict.facts).toEqual({ member: 'm1', late: 17, seconds: 15 });
  expectTextsFilled(rule, verdict);
  expect(fixesOf(world, rule, verdict)).not.toHaveLength(0);
});

test('one look, no counters, or a version that does not count them: unknown', () => {
  expect(healthyWorld().verdict(rule, 'm1').status).toBe('unknown');
  expect(knocksOnly(late(0, 9)).verdict(rule, 'm1').status).toBe('unknown');
  const { lateHeartbeats: _none, ...rest } = countersOf(healthyWorld(), 'm1');
  expect(lookAgain(healthyWorld().set('etcd.metrics', 'm1', rest), 'm1').verdict(rule, 'm1').status).toBe('unknown');
});
