import { expect, test } from 'vitest';
import rule from '../../../rules/clock/clock-etcd-skew.ts';
import apiServerRule from '../../../rules/clock/clock-apiserver-skew.ts';
import { viewOf } from '../../../src/judge/judge.ts';
import type { Edge } from '../../../src/model/rule.ts';
import { answered, asFail, healthyWorld, now, type World } from '../../kit/world.ts';

function off(world: World, node: string, milliseconds: number): World {
  return world.set('etcd.clock', node, { sentAt: now, receivedAt: now + 4, serverTime: now + 2 + milliseconds, resolutionMs: 0 });
}

function wholeHostOff(world: World, node: string, milliseconds: number): World {
  return off(world, node, milliseconds).set('api.ready', node, { tries: [answered(node, 200, 'ok', {}, now + milliseconds)] });
}

test('equal clocks pass', () => {
  expect(
    healthyWorld()
      .judge(rule)
      .map((verdict) => verdict.status),
  ).toEqual(['pass', 'pass', 'pass']);
});

test.each([
  [1100, 'ahead'],
  [-1100, 'behind'],
  [30_000, 'ahead'],
] as const)('a member off by %d ms is %s; nanoseconds prove it', (milliseconds, reason) => {
  const world = off(healthyWorld(), 'm2', milliseconds);
  expect(asFail(world.verdict(rule, 'm2'))).toMatchObject({ reason, severity: 'warning', witness: 'agreed' });
  expect(world.verdict(rule, 'm1').status).toBe('pass');
});

test('less than a second passes', () => {
  expect(off(healthyWorld(), 'm2', 900).verdict(rule, 'm2').status).toBe('pass');
});

test('a member that nobody could ask for its time is unknown, and so are all without a certificate', () => {
  expect(healthyWorld().missing('etcd.clock', 'm2').verdict(rule, 'm2').status).toBe('unknown');
  expect(
    healthyWorld()
      .missing('etcd.clock')
      .judge(rule)
      .map((verdict) => verdict.status),
  ).toEqual(['unknown', 'unknown', 'unknown']);
});

test('the only clock there is cannot be compared', () => {
  const world = healthyWorld().missing('api.ready').missing('etcd.clock', 'm1').missing('etcd.clock', 'm3');
  expect(world.verdict(rule, 'm2').status).toBe('unknown');
});

test('the whole machine off: the API server’s clock explains the member’s, the other way round it does not', () => {
  const world = wholeHostOff(healthyWorld(), 'm2', 30_000);
  const edge = (apiServerRule.explains as readonly Edge[]).find((one) => one.to === rule.id);
  const cause = asFail(world.verdict(apiServerRule, 'm2'));
  const effect = asFail(world.verdict(rule, 'm2'));
  const seen = viewOf(world.evidence, world.topology);
  expect(edge?.when?.({ cause, effect }, seen)).toBe('yes');
  expect(edge?.when?.({ cause, effect: { ...effect, reason: 'behind' } }, seen)).toBe('no');
  expect(cause.subject.keys.node).toBe(effect.subject.keys.node);
});
