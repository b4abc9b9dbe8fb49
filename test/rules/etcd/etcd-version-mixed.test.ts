// Does etcd-version-mixed tell an upgrade on its way from one that was left half done?
import { expect, test } from 'vitest';
import rule from '../../../rules/etcd/etcd-version-mixed.ts';
import { changeMetricsOf, changeStatusOf } from '../../kit/etcd-worlds.ts';
import {
  asFail,
  expectTextsFilled,
  fixesOf,
  healthyWorld,
  knocksOnly,
  names,
  now,
  silence,
  withoutCertificate,
  type World,
} from './kit.ts';

function running(version: string, hours = 1): World {
  const world = changeStatusOf(healthyWorld(), 'm2', { version });
  for (const node of names) {
    world.drop('etcd.clock', node);
    changeMetricsOf(world, node, { processStart: now / 1000 - hours * 3600 });
  }
  return world;
}

test('one minor version passes, whatever its patches', () => {
  expect(healthyWorld().verdict(rule, 'cluster').status).toBe('pass');
  expect(running('3.6.4').verdict(rule, 'cluster').status).toBe('pass');
  expect(withoutCertificate(healthyWorld()).verdict(rule, 'cluster').status).toBe('pass');
});

test.each([
  ['3.5.26', 1, 'warning'],
  ['3.5.26', 25, 'critical'],
  ['3.4.30', 1, 'critical'],
] as const)('%s beside 3.6 for %i h: %s', (version, hours, severity) => {
  const verdict = asFail(running(version, hours).verdict(rule, 'cluster'));
  expect([verdict.reason, verdict.severity]).toEqual(['minors', severity]);
  expect(verdict.facts['old']).toBe('m2');
  expectTextsFilled(rule, verdict);
  expect(String(fixesOf(running(version, hours), rule, verdict)[0]?.do)).toContain('m2');
});

test('a downgrade that was announced is told', () => {
  const world = changeStatusOf(healthyWorld(), 'm1', { downgradeTo: '3.5.0' });
  const verdict = asFail(world.verdict(rule, 'cluster'));
  expect(verdict.reason).toBe('downgrade');
  expectTextsFilled(rule, verdict);
});

test('a cluster that goes on as the old version an hour after the last upgrade is told, before that it is open', () => {
  const world = (hours: number) => {
    const old = running('3.6.16', hours);
    for (const node of names) changeMetricsOf(old, node, { clusterVersion: '3.5' });
    return old.verdict(rule, 'cluster');
  };
  expect(world(0.5).status).toBe('unknown');
  expect(asFail(world(2)).reason).toBe('cluster-behind');
});

test('a member that does not tell keeps it open, unless the others differ already', () => {
  expect(silence(healthyWorld(), 'm3').verdict(rule, 'cluster').status).toBe('unknown');
  expect(silence(running('3.5.26'), 'm3').verdict(rule, 'cluster').status).toBe('fail');
  expect(knocksOnly(healthyWorld()).verdict(rule, 'cluster').status).toBe('unknown');
});
