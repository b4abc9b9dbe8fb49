// Does etcd-compaction tell history that is kept for ever from a cluster that was started just now?
import { expect, test } from 'vitest';
import rule from '../../../rules/etcd/etcd-compaction.ts';
import { countersOf, withFlags } from '../../kit/slow.ts';
import { answered, failedTries } from '../../kit/world.ts';
import { asFail, expectTextsFilled, fixesOf, healthyWorld, knocksOnly, names, now, type World } from './kit.ts';

/** Seconds since the processes began, and since anything was dropped. */
function history(age: number, ago?: number): World {
  const world = healthyWorld();
  for (const node of names) {
    const { compactedAt: _old, ...rest } = countersOf(world, node);
    world.set('etcd.metrics', node, {
      ...rest,
      processStart: now / 1000 - age,
      ...(ago !== undefined && { compactedAt: now - ago * 1000 }),
    });
  }
  return world;
}

const never = ['--etcd-compaction-interval=0'];

test.each([
  [86_400, 120, 'pass'],
  [86_400, 1790, 'pass'],
  [86_400, 1810, 'fail'],
  [86_400, undefined, 'fail'],
  [1790, undefined, 'unknown'],
  [300, 60, 'pass'],
] as const)('a process of %i s that dropped history %s s ago: %s', (age, ago, status) => {
  expect(history(age, ago).verdict(rule, 'cluster').status).toBe(status);
});

test('switched off everywhere is said by the command lines, whatever was done by hand lately', () => {
  const world = withFlags(healthyWorld(), 'kube-apiserver', never);
  const verdict = asFail(world.verdict(rule, 'cluster'));
  expect([verdict.reason, verdict.witness, verdict.facts['kept']]).toEqual(['off', 'stated', 1213]);
  expectTextsFilled(rule, verdict);
  const fixes = fixesOf(world, rule, verdict);
  expect(fixes.map((fix) => fix.where)).toEqual(['m1', 'm2', 'm3', 'here']);
  expect(fixes[0]?.needs[0]?.met).toBe('yes');
});

test('one API server that does it is enough, and so is etcd itself', () => {
  expect(withFlags(healthyWorld(), 'kube-apiserver', never, 'm1').verdict(rule, 'cluster').status).toBe('pass');
  const byEtcd = withFlags(withFlags(healthyWorld(), 'kube-apiserver', never), 'etcd', ['--auto-compaction-retention=12']);
  expect(byEtcd.verdict(rule, 'cluster').status).toBe('pass');
});

test.each([
  ['59s', 'fail'],
  ['1m', 'pass'],
  ['8', 'pass'],
  ['0', 'pass'],
] as const)('etcd that keeps %s: %s', (text, status) => {
  expect(withFlags(healthyWorld(), 'etcd', [`--auto-compaction-retention=${text}`]).verdict(rule, 'cluster').status).toBe(status);
});

test('stalled: where to look, and no blame while no API server is at work', () => {
  const world = history(86_400, 7200);
  const verdict = asFail(world.verdict(rule, 'cluster'));
  expect(String(verdict.facts['words'])).toBe('nothing was dropped for 2 h');
  expectTextsFilled(rule, verdict);
  expect(
    fixesOf(world, rule, verdict)
      .flatMap((fix) => fix.run)
      .join(),
  ).toContain('compact_rev_key');
  for (const node of names) world.set('api.ready', node, { tries: failedTries(node, 'refused') });
  expect(world.verdict(rule, 'cluster').status).toBe('unknown');
  world.set('api.ready', 'm1', { tries: [answered('m1', 200)] });
  expect(world.verdict(rule, 'cluster').status).toBe('fail');
});

test('nobody told: unknown', () => {
  expect(knocksOnly(healthyWorld()).verdict(rule, 'cluster').status).toBe('unknown');
  for (const id of ['etcd.metrics', 'kube.control-plane-pods'] as const)
    expect(healthyWorld().missing(id).missing('etcd.metrics').verdict(rule, 'cluster').status).toBe('unknown');
});
