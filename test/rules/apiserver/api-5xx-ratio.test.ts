import { expect, test } from 'vitest';
import rule from '../../../rules/apiserver/api-5xx-ratio.ts';
import { fixesOf, unfilled } from '../../kit/texts.ts';
import { asFail, healthyWorld, type World } from '../../kit/world.ts';

const start = { requests: 1000, serverErrors: 50, terminated: 10, processStart: 1 };

function after(requests: number, errors: number, terminated = 0, processStart = 1): World {
  const end = {
    requests: start.requests + requests,
    serverErrors: start.serverErrors + errors,
    terminated: start.terminated + terminated,
    processStart,
  };
  return healthyWorld().set('api.metrics', 'm2', start).again('api.metrics', 'm2', end);
}

test('one look says nothing about a rate', () => {
  expect(
    healthyWorld()
      .judge(rule)
      .map((verdict) => verdict.status),
  ).toEqual(['unknown', 'unknown', 'unknown']);
  expect(healthyWorld().missing('api.metrics').verdict(rule, 'm2').status).toBe('unknown');
});

test.each([
  [1000, 10, 'pass'],
  [1000, 11, 'warning'],
  [1000, 50, 'warning'],
  [1000, 51, 'critical'],
] as const)('of %i requests %i errors: %s', (requests, errors, expected) => {
  const verdict = after(requests, errors).verdict(rule, 'm2');
  expect(verdict.status === 'fail' ? verdict.severity : verdict.status).toBe(expected);
});

test('errors from before the first look do not count', () => {
  expect(after(1000, 0).verdict(rule, 'm2').status).toBe('pass');
});

test('more than a fifth cut off', () => {
  expect(after(800, 0, 200).verdict(rule, 'm2').status).toBe('pass');
  const world = after(800, 0, 201);
  const verdict = asFail(world.verdict(rule, 'm2'));
  expect(verdict.reason).toBe('terminated');
  expect(unfilled(rule, verdict)).toEqual([]);
  expect(fixesOf(rule, world, verdict)[0]?.run[0]).toContain('https://10.89.0.12:6443');
});

test('too few requests, or a new process in between: unknown', () => {
  expect(after(99, 99).verdict(rule, 'm2').status).toBe('unknown');
  expect(after(100, 99).verdict(rule, 'm2').status).toBe('fail');
  expect(after(1000, 500, 0, 2).verdict(rule, 'm2').status).toBe('unknown');
  expect(after(-500, 0).verdict(rule, 'm2').status).toBe('unknown');
});
