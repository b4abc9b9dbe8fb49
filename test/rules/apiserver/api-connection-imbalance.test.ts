import { expect, test } from 'vitest';
import rule from '../../../rules/apiserver/api-connection-imbalance.ts';
import { gateOf, shown, unfilled } from '../../kit/texts.ts';
import { asFail, failedTries, healthyWorld, now, type World } from '../../kit/world.ts';
import { histogram, looks } from './counters.ts';

/** Requests within the 15 s between two looks. */
const load = (m1: number, m2: number, m3: number, more = {}) =>
  looks({ m1: { requests: m1, ...more }, m2: { requests: m2 }, m3: { requests: m3 } });

test.each([
  [3000, 1000, 1000, 'pass'],
  [3001, 1000, 1000, 'fail'],
  [3001, 3000, 1000, 'fail'],
  [749, 10, 10, 'pass'],
  [750, 10, 10, 'fail'],
] as const)('%i, %i and %i requests: %s', (m1, m2, m3, expected) => {
  expect(load(m1, m2, m3).verdict(rule, 'cluster').status).toBe(expected);
});

test('it is a note until the busiest runs out of seats', () => {
  const verdict = asFail(load(6000, 1500, 1000).verdict(rule, 'cluster'));
  expect(verdict.severity).toBe('info');
  expect(unfilled(rule, verdict)).toEqual([]);
  expect(shown(rule, verdict)[0]).toBe('m1  400.0 requests/s  10 open watches');
  const levels = [{ name: 'global-default', rejected: { 'queue-full': 3 }, waited: histogram([1], [1]), seats: 5 }];
  expect(asFail(load(6000, 1500, 1000, { levels }).verdict(rule, 'cluster')).severity).toBe('warning');
});

test('while one does not serve, or has just begun, load is not even by nature', () => {
  expect(
    load(6000, 1500, 1000)
      .set('api.ready', 'm3', { tries: failedTries('m3', 'refused') })
      .judge(rule),
  ).toMatchObject([{ status: 'not-applicable' }]);
  const begun = (world: World) =>
    world.set('kube.control-plane-pods', undefined, (old) => ({
      ...old,
      pods: old.pods.map((pod) => ({ ...pod, containers: pod.containers.map((one) => ({ ...one, startedAt: now - 300_000 })) })),
    }));
  expect(begun(load(6000, 1500, 1000)).verdict(rule, 'cluster').status).toBe('unknown');
});

test('missing on any master, or one look: unknown', () => {
  expect(load(6000, 1500, 1000).missing('api.metrics', 'm2').verdict(rule, 'cluster').status).toBe('unknown');
  expect(healthyWorld().verdict(rule, 'cluster').status).toBe('unknown');
  expect(load(6000, 1500, 1000).missing('api.ready').verdict(rule, 'cluster').status).toBe('unknown');
});

test('it makes the busiest slow and no other', () => {
  const world = load(6000, 1500, 1000);
  const cause = asFail(world.verdict(rule, 'cluster'));
  const slow = (name: string) => ({ ...cause, rule: 'api-latency-p99' as const, subject: { ...cause.subject, name } });
  expect([gateOf(rule, world, cause, slow('m1')), gateOf(rule, world, cause, slow('m2'))]).toEqual([['yes'], ['no']]);
});
