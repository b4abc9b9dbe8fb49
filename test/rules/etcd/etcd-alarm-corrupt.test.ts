// Does etcd-alarm-corrupt hear the alarm, whoever tells it, and keep its hands off the wrong member?
import { expect, test } from 'vitest';
import rule from '../../../rules/etcd/etcd-alarm-corrupt.ts';
import { changeStatusOf } from '../../kit/etcd-worlds.ts';
import { asFail, expectTextsFilled, fixesOf, healthyWorld, ids, knocksOnly, names, withoutCertificate, type World } from './kit.ts';

function corrupt(id: string): World {
  const world = healthyWorld();
  for (const node of names) {
    changeStatusOf(world, node, { errors: [`memberID:${BigInt(`0x${id}`)} alarm:CORRUPT `] });
    world.set('etcd.health', node, { kind: 'unhealthy', reason: 'ALARM CORRUPT' });
  }
  return world;
}

test('no alarm passes, with and without a certificate; another alarm is none of this', () => {
  expect(healthyWorld().verdict(rule, 'cluster').status).toBe('pass');
  expect(withoutCertificate(healthyWorld()).verdict(rule, 'cluster').status).toBe('pass');
  const space = changeStatusOf(healthyWorld(), 'm1', { errors: ['memberID:1 alarm:NOSPACE '] });
  expect(space.verdict(rule, 'cluster').status).toBe('pass');
});

test('the member the alarm names stands in the finding', () => {
  const verdict = asFail(corrupt(ids.m2).verdict(rule, 'cluster'));
  expect([verdict.reason, verdict.facts['words'], verdict.witness]).toEqual(['named', 'm2', 'stated']);
  expect(verdict.supports?.find(({ state }) => state === 'lost')?.keys.member).toBe(ids.m2);
  expectTextsFilled(rule, verdict);
});

test('member 0 names nobody, and then nobody is taken out', () => {
  const world = corrupt('0');
  const verdict = asFail(world.verdict(rule, 'cluster'));
  expect(verdict.reason).toBe('not-named');
  expect(fixesOf(world, rule, verdict).flatMap((fix) => fix.run)).toHaveLength(1);
});

test('the health check tells it too', () => {
  expect(asFail(withoutCertificate(corrupt(ids.m2)).verdict(rule, 'cluster')).reason).toBe('not-named');
});

test('nobody could be asked: unknown', () => {
  expect(knocksOnly(corrupt(ids.m2)).verdict(rule, 'cluster').status).toBe('unknown');
});

test('a sound member is saved before the wrong one is replaced, and the alarm is taken back last', () => {
  const world = corrupt(ids.m2);
  const fixes = fixesOf(world, rule, asFail(world.verdict(rule, 'cluster')));
  const runs = fixes.flatMap((fix) => fix.run);
  const place = (text: string): number => runs.findIndex((line) => line.includes(text));
  expect(place('snapshot save m1-aside.db')).toBeLessThan(place(`member remove ${ids.m2}`));
  expect(runs.at(-1)).toContain('alarm disarm');
  expect(fixes.at(-1)?.needs[0]?.met).toBe('no');
});
