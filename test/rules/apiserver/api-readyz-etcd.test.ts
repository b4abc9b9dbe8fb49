import { expect, test } from 'vitest';
import rule from '../../../rules/apiserver/api-readyz-etcd.ts';
import type { Unknown } from '../../../src/model/verdict.ts';
import { fixesOf, gateOf, unfilled } from '../../kit/texts.ts';
import { answered, asFail, failedTries, healthyWorld } from '../../kit/world.ts';

const body = '[+]ping ok\n[-]etcd failed: reason withheld\n[-]etcd-readiness failed: reason withheld\nreadyz check failed\n';

test('every master of a healthy cluster passes', () => {
  expect(
    healthyWorld()
      .judge(rule)
      .map((verdict) => verdict.status),
  ).toEqual(['pass', 'pass', 'pass']);
});

test('a 500 that names etcd fails, in the server’s own words', () => {
  const world = healthyWorld().set('api.ready', 'm2', { tries: [answered('m2', 500, body)] });
  const verdict = asFail(world.verdict(rule, 'm2'));
  expect(verdict).toMatchObject({ severity: 'critical', witness: 'stated' });
  expect(verdict.facts['failing']).toBe('[-]etcd [-]etcd-readiness');
  expect(unfilled(rule, verdict)).toEqual([]);
  expect(fixesOf(rule, world, verdict)[0]?.run[0]).toContain('endpoint status -w table');
});

test('one of several etcd overrides counts as well', () => {
  const world = healthyWorld().set('api.ready', 'm2', { tries: [answered('m2', 500, '[-]etcd-override-0 failed: reason withheld\n')] });
  expect(world.verdict(rule, 'm2').status).toBe('fail');
});

test('other failing checks are not etcd, nor is a name that merely contains it', () => {
  const tries = [answered('m2', 500, '[-]poststarthook/crd-informer-synced failed\n[-]my-etcd-copy failed\n[+]etcd ok\n')];
  expect(healthyWorld().set('api.ready', 'm2', { tries }).verdict(rule, 'm2').status).toBe('pass');
});

test('one good answer among the tries: an election, no fault', () => {
  const world = healthyWorld().set('api.ready', 'm2', { tries: [answered('m2', 500, body), answered('m2', 200, 'ok')] });
  expect(world.verdict(rule, 'm2').status).toBe('pass');
});

test('what a silent API server would say is unknown, and its silence is what stands in the way', () => {
  const world = healthyWorld().set('api.ready', 'm2', { tries: failedTries('m2', 'hung') });
  const verdict = world.verdict(rule, 'm2') as Unknown;
  expect(verdict.status).toBe('unknown');
  expect(verdict.gaps[0]?.through).toBe('apiserver/10.89.0.12:6443');
});

test.each([401, 403])('%i says nothing about its checks', (status) => {
  expect(
    healthyWorld()
      .set('api.ready', 'm2', { tries: [answered('m2', status)] })
      .verdict(rule, 'm2').status,
  ).toBe('unknown');
});

test('a 500 without names, and a master nobody asked, are unknown', () => {
  expect(
    healthyWorld()
      .set('api.ready', 'm2', { tries: [answered('m2', 500, 'internal error')] })
      .verdict(rule, 'm2').status,
  ).toBe('unknown');
  expect(healthyWorld().missing('api.ready', 'm2').verdict(rule, 'm2').status).toBe('unknown');
});

test('its node turns NotReady only where the kubelet reports to it', () => {
  const world = healthyWorld().set('api.ready', 'm2', { tries: [answered('m2', 500, body)] });
  const cause = asFail(world.verdict(rule, 'm2'));
  expect(gateOf(rule, world, cause, { ...cause, rule: 'ha-node-notready' as const })).toEqual(['yes']);
  world.set('kube.nodes', undefined, (old) => ({ ...old, nodes: old.nodes.map((node) => ({ ...node, kubeletVersion: 'v1.31.4' })) }));
  expect(gateOf(rule, world, cause, { ...cause, rule: 'ha-node-notready' as const })).toEqual(['no']);
});
