import { expect, test } from 'vitest';
import rule from '../../../rules/apiserver/api-latency-p99.ts';
import { fixesOf, gateOf, shown, unfilled } from '../../kit/texts.ts';
import { asFail, healthyWorld } from '../../kit/world.ts';
import { histogram, looks, times } from './counters.ts';

const edges = [0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 5, 10, 30, 60];
/** 1000 requests of which so many took longer than the first 0.1 s: in the bucket that ends at `edge`. */
const slow = (edge: number, count = 50) => histogram(edges, [1000 - count, ...edges.slice(1).map((one) => (one === edge ? count : 0))]);
const empty = histogram(edges, []);

function verdictOn(kind: 'single' | 'namespace-list' | 'cluster-list', edge: number, count = 50) {
  return looks({ m2: { times: times(kind, slow(edge, count)) } }, { times: times(kind, empty) }).verdict(rule, 'm2');
}

test.each([
  ['single', 0.4, 'pass'],
  ['single', 0.6, 'warning'],
  ['single', 1, 'warning'],
  ['single', 1.25, 'critical'],
  ['namespace-list', 5, 'pass'],
  ['namespace-list', 10, 'critical'],
  ['cluster-list', 30, 'pass'],
  ['cluster-list', 60, 'critical'],
] as const)('the slowest 1 %% of %s in the bucket up to %s s: %s', (kind, edge, expected) => {
  const verdict = verdictOn(kind, edge);
  expect(verdict.status === 'fail' ? verdict.severity : verdict.status).toBe(expected);
});

test('a bucket around half a second is told as an interval', () => {
  const verdict = asFail(verdictOn('single', 0.6, 100));
  expect(shown(rule, verdict)[0]).toBe('m2  one object  1000 requests in 15 s, the slowest 1 % took 0.4 to 0.6 s or more');
  expect(unfilled(rule, verdict)).toEqual([]);
  expect(verdictOn('single', 0.6, 11).status).toBe('pass'); // interpolated near 0.4 s
});

test('requests from before the first look do not count', () => {
  const old = times('single', slow(60, 900));
  expect(looks({ m2: { times: old } }, { times: old }).verdict(rule, 'm2')).toMatchObject({ status: 'unknown' });
});

test('it is told where the time goes', () => {
  const reasonWith = (own: number, storage: number) =>
    asFail(
      looks(
        { m2: { times: times('single', slow(1.25), slow(own)), storage: slow(storage) } },
        { times: times('single', empty), storage: empty },
      ).verdict(rule, 'm2'),
    ).reason;
  expect(reasonWith(1.25, 1.25)).toBe('storage');
  expect(reasonWith(0.2, 0.2)).toBe('webhooks-or-queue');
  expect(reasonWith(1.25, 0.2)).toBe('itself');
});

test('too few requests, one look, a restart, an older exposition: unknown', () => {
  const few = histogram(edges, [49, 0, 0, 0, 0, 0, 50]);
  expect(looks({ m2: { times: times('single', few) } }, { times: times('single', empty) }).verdict(rule, 'm2').status).toBe('unknown');
  expect(healthyWorld().verdict(rule, 'm2').status).toBe('unknown');
  expect(healthyWorld().missing('api.metrics').verdict(rule, 'm2').status).toBe('unknown');
  const restarted = looks({ m2: { times: times('single', slow(10)), processStart: 2 } }, { times: times('single', empty) });
  expect(restarted.verdict(rule, 'm2').status).toBe('unknown');
  expect(looks({ m2: {} }).verdict(rule, 'm2').status).toBe('unknown');
});

test('a controller whose log says that it lost the election is explained, another one only perhaps', () => {
  const world = looks({ m2: { times: times('single', slow(10)) } }, { times: times('single', empty) });
  const cause = asFail(world.verdict(rule, 'm2'));
  const effect = (log?: string) => ({ ...cause, rule: 'le-component-unhealthy' as const, facts: log === undefined ? {} : { log } });
  expect(gateOf(rule, world, cause, effect('"leaderelection lost"'))).toEqual(['yes']);
  expect(gateOf(rule, world, cause, effect())).toEqual(['unknown']);
  expect(fixesOf(rule, world, cause)[0]?.run[0]).toContain('https://10.89.0.12:6443');
});
