// Is our own clock that is off told from servers that are?
import { expect, test } from 'vitest';
import rule from '../../../rules/clock/clock-operator-skew.ts';
import { operatorOff, serverClockOff } from '../../kit/clock-worlds.ts';
import { avoidOf, fixesOf, unfilled } from '../../kit/texts.ts';
import { asFail, healthyWorld } from '../../kit/world.ts';

test('a clock that agrees passes; so does what a convention lets pass', () => {
  expect(healthyWorld().verdict(rule, 'you').status).toBe('pass');
  expect(operatorOff(2000).verdict(rule, 'you').status).toBe('pass');
});

test.each([
  [30_000, 'ahead'],
  [-30_000, 'behind'],
] as const)('ours %d ms off is %s', (milliseconds, reason) => {
  const world = operatorOff(milliseconds);
  const verdict = asFail(world.verdict(rule, 'you'));
  expect(verdict).toMatchObject({ reason, severity: 'warning', impact: 'at-risk', witness: 'agreed' });
  expect(unfilled(rule, verdict)).toEqual([]);
  expect(fixesOf(rule, world, verdict).map((fix) => fix.where)).toEqual(['here', 'here']);
  expect(avoidOf(rule, world, verdict)).toHaveLength(1);
});

test('one server that is off is outvoted; servers that disagree judge nobody', () => {
  expect(serverClockOff(healthyWorld(), 'm2', 90_000).verdict(rule, 'you').status).toBe('pass');
  expect(serverClockOff(operatorOff(30_000), 'm2', 90_000).verdict(rule, 'you').status).toBe('unknown');
});

test('a single machine that differs, or none that told the time: unknown', () => {
  const one = operatorOff(30_000);
  for (const node of ['m2', 'm3']) one.missing('api.ready', node).missing('etcd.clock', node);
  expect(one.verdict(rule, 'you').status).toBe('unknown');
  expect(healthyWorld().missing('api.ready').missing('etcd.clock').verdict(rule, 'you').status).toBe('unknown');
});
