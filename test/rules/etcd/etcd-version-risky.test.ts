// Does etcd-version-risky know the versions nobody should run?
import { expect, test } from 'vitest';
import rule from '../../../rules/etcd/etcd-version-risky.ts';
import { changeStatusOf, withFlags } from '../../kit/etcd-worlds.ts';
import { asFail, expectTextsFilled, fixesOf, healthyWorld, knocksOnly, silence, statuses, withoutCertificate, type World } from './kit.ts';

function on(version: string, kubernetes = 'v1.34.4', external = false): World {
  const world = changeStatusOf(healthyWorld(), 'm2', { version }).set('api.version', undefined, { gitVersion: kubernetes });
  if (external) world.set('kube.kubeadm-config', undefined, (old) => ({ ...old, externalEtcd: ['https://10.89.0.12:2379'] }));
  return world;
}

test('the version kubeadm brings passes, with and without a certificate', () => {
  expect(statuses(healthyWorld(), rule)).toEqual(['pass', 'pass', 'pass']);
  expect(statuses(withoutCertificate(healthyWorld()), rule)).toEqual(['pass', 'pass', 'pass']);
  expect(on('3.5.26', 'v1.33.1').verdict(rule, 'm2').status).toBe('pass');
});

test.each([
  ['3.5.0', 'v1.23.0', 'corrupts-data', 'critical'],
  ['3.5.2', 'v1.23.0', 'corrupts-data', 'critical'],
  ['3.5.3', 'v1.24.0', 'below-minimum', 'warning'],
  ['3.5.5', 'v1.24.0', 'below-minimum', 'warning'],
  ['3.4.21', 'v1.20.0', 'below-minimum', 'warning'],
  ['3.4.23', 'v1.20.0', 'end-of-support', 'warning'],
  ['3.3.10', 'v1.17.0', 'end-of-support', 'warning'],
  ['3.5.25', 'v1.33.1', 'blocks-upgrade', 'warning'],
  ['3.5.26', 'v1.34.4', 'other-pairing', 'info'],
  ['3.6.0', 'v1.33.1', 'other-pairing', 'info'],
] as const)('%s beside Kubernetes %s: %s, %s', (version, kubernetes, reason, severity) => {
  const verdict = asFail(on(version, kubernetes).verdict(rule, 'm2'));
  expect([verdict.reason, verdict.severity]).toEqual([reason, severity]);
  expectTextsFilled(rule, verdict);
});

test.each(['3.5.6', '3.5.21'])('%s is fine beside a Kubernetes that stays with 3.5', (version) => {
  expect(on(version, 'v1.31.0').verdict(rule, 'm2').status).toBe('pass');
});

test('an old external etcd is told apart', () => {
  expect(asFail(on('3.5.23', 'v1.31.0', true).verdict(rule, 'm2')).reason).toBe('external-too-old');
  expect(on('3.5.24', 'v1.31.0', true).verdict(rule, 'm2').status).toBe('pass');
});

test('the old API is told', () => {
  expect(asFail(withFlags(on('3.5.26', 'v1.32.0'), 'etcd', 'm2', '--enable-v2=true').verdict(rule, 'm2')).reason).toBe('v2');
});

test('without a version, or without Kubernetes’ where that decides, it is unknown', () => {
  expect(statuses(knocksOnly(healthyWorld()), rule)).toEqual(['unknown', 'unknown', 'unknown']);
  expect(on('3.5.21').missing('api.version').verdict(rule, 'm2').status).toBe('unknown');
  expect(silence(healthyWorld(), 'm2').verdict(rule, 'm2').status).toBe('not-applicable');
});

test('it is upgraded alone, after a snapshot', () => {
  const world = on('3.5.1', 'v1.23.0');
  const fixes = fixesOf(world, rule, asFail(world.verdict(rule, 'm2')));
  expect(fixes[0]?.run[0]).toContain('snapshot save');
  expect(fixes[1]?.needs[0]?.met).toBe('yes');
});
