import { expect, test } from 'vitest';
import rule from '../../../rules/apiserver/api-apf-saturated.ts';
import type { PriorityLevel } from '../../../src/model/api-metrics.ts';
import { fixesOf, shown, unfilled } from '../../kit/texts.ts';
import { asFail, failedTries, healthyWorld } from '../../kit/world.ts';
import { histogram, looks } from './counters.ts';

const edges = [0.1, 0.5, 1, 2, 10];
const level = (name: string, rejected: Readonly<Record<string, number>> = {}, waited = histogram(edges, [100])): PriorityLevel => ({
  name,
  rejected,
  waited,
  seats: 20,
});
const before = {
  levels: [level('workload-low', { 'queue-full': 7 }, histogram(edges, [])), level('leader-election', {}, histogram(edges, []))],
};

test('nothing turned away, short waits: pass; what was turned away before does not count', () => {
  const calm = { levels: [level('workload-low', { 'queue-full': 7 }), level('leader-election')] };
  expect(looks({ m1: calm, m2: calm, m3: calm }, before).verdict(rule, 'cluster').status).toBe('pass');
});

test('one rejection is one too many, and of a vital level critical', () => {
  const low = looks({ m2: { levels: [level('workload-low', { 'queue-full': 9, 'time-out': 1 })] } }, before);
  const verdict = asFail(low.verdict(rule, 'cluster'));
  expect(verdict).toMatchObject({ severity: 'warning', reason: 'rejected' });
  expect(shown(rule, verdict)[0]).toBe('workload-low  on m2  turned away within 15 s: 2 queue-full, 1 time-out; it has 20 seats');
  expect(unfilled(rule, verdict)).toEqual([]);
  const vital = looks({ m2: { levels: [level('leader-election', { 'concurrency-limit': 1 })] } }, before);
  expect(asFail(vital.verdict(rule, 'cluster')).severity).toBe('critical');
});

test('a level that began between the looks counts from nothing', () => {
  const fresh = looks({ m3: { levels: [level('starved', { 'concurrency-limit': 30 })] } }, before);
  expect(asFail(fresh.verdict(rule, 'cluster')).facts['levels']).toBe('starved');
});

test.each([
  [1, 'pass'],
  [2, 'fail'],
] as const)('the slowest 1 %% waited up to %i s: %s', (edge, expected) => {
  const waited = histogram(edges, [900, ...edges.slice(1).map((one) => (one === edge ? 100 : 0))]);
  const world = looks({ m1: { levels: [level('workload-low', { 'queue-full': 7 }, waited)] } }, before);
  const verdict = world.verdict(rule, 'cluster');
  expect(verdict.status).toBe(expected);
  if (verdict.status === 'fail') expect(verdict.reason).toBe('waiting');
});

test('what one API server does not tell leaves a pass open, never a fail', () => {
  expect(looks({}, before).missing('api.metrics', 'm3').verdict(rule, 'cluster').status).toBe('unknown');
  const bad = looks({ m2: { levels: [level('workload-low', { 'queue-full': 9 })] } }, before).missing('api.metrics', 'm3');
  expect(bad.verdict(rule, 'cluster').status).toBe('fail');
  expect(healthyWorld().verdict(rule, 'cluster').status).toBe('unknown');
  expect(healthyWorld().missing('api.metrics').verdict(rule, 'cluster').status).toBe('unknown');
});

test('seats are given only once every API server is back', () => {
  const world = looks({ m2: { levels: [level('workload-low', { 'queue-full': 9 })] } }, before);
  const met = () => fixesOf(rule, world, asFail(world.verdict(rule, 'cluster')))[1]?.needs[0]?.met;
  expect(met()).toBe('yes');
  world.set('api.ready', 'm3', { tries: failedTries('m3', 'refused') });
  expect(met()).toBe('no');
});
