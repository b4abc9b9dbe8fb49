import { expect, test } from 'vitest';
import rule from '../../../rules/etcd/etcd-leader-changes.ts';
import { viewOf } from '../../../src/judge/judge.ts';
import type { EtcdMetrics } from '../../../src/model/etcd.ts';
import { inEnglish } from '../../kit/world.ts';
import { asFail, changeMetrics, expectTextsFilled, fixesOf, healthyWorld, knocksOnly, names, now, silence, type World } from './kit.ts';

/** A first look at `before` changes on every member, and a later one. */
function sampled(changes: number, afterMs: number, change: Partial<EtcdMetrics> = {}): World {
  const world = healthyWorld();
  for (const node of names) {
    changeMetrics(world, node, { leaderChanges: 7 });
    again(world, node, { leaderChanges: 7 + changes, ...change }, afterMs);
  }
  return world;
}

function again(world: World, node: 'm1' | 'm2' | 'm3', change: Partial<EtcdMetrics>, afterMs: number): void {
  const item = world.evidence.items.find((one) => one.id === 'etcd.metrics' && one.subject.name === node);
  if (item?.state !== 'known' || item.id !== 'etcd.metrics' || item.value.kind !== 'answered') throw new Error('no metrics to repeat');
  world.again('etcd.metrics', node, { ...item.value, ...change }, afterMs);
}

/** One look at a process that began some seconds ago and has seen this many changes. */
function young(ageSeconds: number, leaderChanges: number): World {
  return names.reduce(
    (world, node) => changeMetrics(world, node, { leaderChanges, processStart: now / 1000 - ageSeconds }),
    healthyWorld(),
  );
}

test.each([
  [0, 15_000, 'pass'],
  [1, 15_000, 'pass'],
  [2, 15_000, 'fail'],
  [2, 120_000, 'fail'],
  [2, 450_000, 'fail'],
  [2, 451_000, 'pass'],
  [3, 675_000, 'fail'],
  [3, 700_000, 'pass'],
] as const)('%i changes within %i ms: %s', (changes, afterMs, status) => {
  expect(sampled(changes, afterMs).verdict(rule, 'cluster').status).toBe(status);
});

test('it says how many, within what, counted by whom; ten are critical', () => {
  const verdict = asFail(sampled(2, 15_000).verdict(rule, 'cluster'));
  expect(inEnglish(verdict.facts)).toEqual({
    changes: 2,
    window: '15 s',
    member: 'm1',
    words: 'etcd changed its leader 2 times within 15 s',
  });
  expect([verdict.severity, verdict.witness]).toEqual(['warning', 'stated']);
  expectTextsFilled(rule, verdict);
  expect(asFail(sampled(9, 15_000).verdict(rule, 'cluster')).severity).toBe('warning');
  expect(asFail(sampled(10, 15_000).verdict(rule, 'cluster')).severity).toBe('critical');
  fixesOf(sampled(2, 15_000), rule, verdict);
});

test('what one member alone counts is its own: the others kept their leader', () => {
  const world = sampled(0, 15_000);
  again(world, 'm2', { leaderChanges: 19 }, 30_000);
  const verdict = asFail(world.verdict(rule, 'cluster'));
  expect(verdict).toMatchObject({ severity: 'warning', reason: 'one-member', facts: { member: 'm2', changes: 12 } });
  expect(verdict.supports?.map(({ name, state }) => `${name} ${state}`)).toEqual(['m1 good', 'm2 lost', 'm3 good']);
  expectTextsFilled(rule, verdict);
  expect(fixesOf(world, rule, verdict).map(({ where }) => where)).toEqual(['m2']);
  again(world, 'm1', { leaderChanges: 9 }, 30_000);
  expect(asFail(world.verdict(rule, 'cluster')).reason).toBe('elections');
});

test('a single look at an old process that has seen several is unknown: a total is no rate', () => {
  const verdict = young(86_400, 7).verdict(rule, 'cluster');
  expect(verdict.status === 'unknown' && verdict.gaps[0]?.howToGet).toBe('--deep');
});

test('a single look proves that nothing changed where a member follows its first leader for long', () => {
  expect(healthyWorld().verdict(rule, 'cluster').status).toBe('pass');
  expect(young(899, 1).verdict(rule, 'cluster').status).toBe('unknown');
});

test('a process younger than the period makes its total a rate, its first leader not counted', () => {
  expect(young(600, 4).verdict(rule, 'cluster').status).toBe('unknown');
  expect(asFail(young(600, 5).verdict(rule, 'cluster')).facts['changes']).toBe(4);
  expect(young(900, 5).verdict(rule, 'cluster').status).toBe('unknown');
});

test('a restart between two looks starts the count anew', () => {
  expect(sampled(-5, 15_000, { processStart: now / 1000 }).verdict(rule, 'cluster').status).toBe('unknown');
  expect(sampled(-5, 15_000).verdict(rule, 'cluster').status).toBe('unknown');
});

test('members that went away are what it rests on', () => {
  const world = silence(healthyWorld(), 'm3');
  for (const node of ['m1', 'm2'] as const) again(world, node, { leaderChanges: 4 }, 15_000);
  expect(asFail(world.verdict(rule, 'cluster')).supports?.map(({ name, state }) => `${name} ${state}`)).toEqual([
    'm1 good',
    'm2 good',
    'm3 lost',
  ]);
});

test('no counters: unknown; and it never claims what it cannot see in logs', () => {
  expect(knocksOnly(healthyWorld()).verdict(rule, 'cluster').status).toBe('unknown');
  const world = sampled(3, 15_000);
  const verdict = asFail(world.verdict(rule, 'cluster'));
  const edge = rule.explains.find((one) => one.to === 'le-component-unhealthy');
  expect(edge?.when?.({ cause: verdict, effect: verdict }, viewOf(world.evidence, world.topology))).toBe('unknown');
});
