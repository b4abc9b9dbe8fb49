import { expect, test } from 'vitest';
import rule from '../../../rules/apiserver/api-master-unreachable.ts';
import { answered, asFail, failedTries, healthyWorld } from '../../kit/world.ts';

test('every master of a healthy cluster passes', () => {
  expect(healthyWorld().judge(rule).map((verdict) => verdict.status)).toEqual(['pass', 'pass', 'pass']);
});

test.each(['refused', 'timeout', 'hung', 'closed'] as const)('a master whose tries all end with %s fails for that reason', (why) => {
  const world = healthyWorld().set('api.ready', 'm2', { tries: failedTries('m2', why) });
  expect(asFail(world.verdict(rule, 'm2')).reason).toBe(why);
  expect(world.verdict(rule, 'm1').status).toBe('pass');
});

test('an answering master that no client trusts is untrusted, not ready', () => {
  const trust = { kind: 'untrusted', why: 'expired', detail: 'ended 2026-11-20' } as const;
  const world = healthyWorld().set('api.ready', 'm2', { tries: [answered('m2', 200, 'ok', { trust })] });
  expect(asFail(world.verdict(rule, 'm2')).reason).toBe('untrusted');
});

test('403 to everybody is a reason of its own', () => {
  const world = healthyWorld().set('api.ready', 'm2', { tries: [answered('m2', 403)] });
  expect(asFail(world.verdict(rule, 'm2')).reason).toBe('forbidden');
});

test('a 500 is an answer: another rule speaks of it', () => {
  const world = healthyWorld().set('api.ready', 'm2', { tries: [answered('m2', 500, '[-]etcd failed: reason withheld\n')] });
  expect(world.verdict(rule, 'm2').status).toBe('pass');
});

test('one good try out of three is enough', () => {
  const world = healthyWorld().set('api.ready', 'm2', { tries: [...failedTries('m2', 'timeout').slice(0, 2), answered('m2', 200, 'ok')] });
  expect(world.verdict(rule, 'm2').status).toBe('pass');
});

test('all masters silent to us while the load balancer serves: unknown, it may be our path', () => {
  const world = healthyWorld();
  for (const node of ['m1', 'm2', 'm3']) world.set('api.ready', node, { tries: failedTries(node, 'timeout') });
  expect(world.judge(rule).map((verdict) => verdict.status)).toEqual(['unknown', 'unknown', 'unknown']);
});

test('a master nobody could ask is unknown, and so is an empty list of masters', () => {
  expect(healthyWorld().missing('api.ready', 'm2').verdict(rule, 'm2').status).toBe('unknown');
  const blind = healthyWorld();
  for (const id of ['kube.nodes', 'kube.control-plane-pods', 'kube.endpoints'] as const) blind.missing(id);
  for (const id of ['etcd.members', 'etcd.client-port', 'lb.tries', 'api.ready'] as const) blind.missing(id);
  expect(blind.verdict(rule, 'cluster').status).toBe('unknown');
});
