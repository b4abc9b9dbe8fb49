import { expect, test } from 'vitest';
import rule from '../../../rules/apiserver/api-readyz-check.ts';
import { avoidOf, fixesOf, unfilled } from '../../kit/texts.ts';
import { judgeAgain } from '../../laws/recordings.ts';
import { answered, asFail, failedTries, healthyWorld, now, type World } from '../../kit/world.ts';

function failing(names: readonly string[], world = healthyWorld(), node = 'm2'): World {
  const body = names.map((name) => `[-]${name} failed: reason withheld\n`).join('');
  return world.set('api.ready', node, { tries: [answered(node, 500, body)] });
}

function startedAgo(world: World, seconds: number): World {
  return world.set('kube.control-plane-pods', undefined, (old) => ({
    ...old,
    pods: old.pods.map((pod) => ({
      ...pod,
      containers: pod.containers.map((one) => ({ ...one, startedAt: Math.floor(now / 1000) * 1000 - seconds * 1000 })),
    })),
  }));
}

test('every master of a healthy cluster passes, and so does one that only misses its etcd', () => {
  expect(
    healthyWorld()
      .judge(rule)
      .map((verdict) => verdict.status),
  ).toEqual(['pass', 'pass', 'pass']);
  expect(failing(['etcd', 'etcd-readiness']).verdict(rule, 'm2').status).toBe('pass');
});

test.each([
  ['poststarthook/rbac/bootstrap-roles', 'starting', 'warning'],
  ['informer-sync', 'starting', 'warning'],
  ['log', 'other', 'warning'],
  ['kms-provider-0', 'encryption', 'critical'],
  ['shutdown', 'shutdown', 'info'],
])('%s fails as %s, %s', (name, reason, severity) => {
  const verdict = asFail(failing([name]).verdict(rule, 'm2'));
  expect(verdict).toMatchObject({ reason, severity, witness: 'stated' });
  expect(unfilled(rule, verdict)).toEqual([]);
});

test('beside etcd the other names are still told', () => {
  expect(asFail(failing(['etcd', 'log']).verdict(rule, 'm2')).facts['failing']).toBe('[-]log');
});

test('start hooks are allowed a minute', () => {
  const hook = ['poststarthook/rbac/bootstrap-roles'];
  expect(asFail(startedAgo(failing(hook), 58).verdict(rule, 'm2')).severity).toBe('info');
  expect(asFail(startedAgo(failing(hook), 60).verdict(rule, 'm2')).severity).toBe('warning');
  expect(asFail(startedAgo(failing(['log']), 5).verdict(rule, 'm2')).severity).toBe('warning');
  expect(asFail(failing(hook).missing('kube.control-plane-pods').verdict(rule, 'm2')).severity).toBe('warning');
});

test('on all masters it is an outage', () => {
  const world = failing(['log'], failing(['log'], failing(['log'], healthyWorld(), 'm1'), 'm2'), 'm3');
  expect(world.judge(rule).map((verdict) => asFail(verdict).severity)).toEqual(['critical', 'critical', 'critical']);
  expect(asFail(world.missing('api.ready', 'm3').verdict(rule, 'm1')).severity).toBe('warning');
});

test('silence, a refused login and a 500 without names are unknown', () => {
  expect(
    healthyWorld()
      .set('api.ready', 'm2', { tries: failedTries('m2', 'refused') })
      .verdict(rule, 'm2').status,
  ).toBe('unknown');
  for (const status of [401, 403, 500]) {
    expect(
      healthyWorld()
        .set('api.ready', 'm2', { tries: [answered('m2', status)] })
        .verdict(rule, 'm2').status,
    ).toBe('unknown');
  }
  expect(healthyWorld().missing('api.ready').verdict(rule, 'm2').status).toBe('unknown');
});

test('with a dead encryption plugin the configuration must stay', () => {
  const world = failing(['kms-provider-0']);
  const verdict = asFail(world.verdict(rule, 'm2'));
  expect(fixesOf(rule, world, verdict)).toHaveLength(2);
  expect(avoidOf(rule, world, verdict)).toHaveLength(1);
});

test('the kubelet beside it, which asks nobody else, is turned away too; a dead encryption plugin does not concern it', () => {
  const unreported = (world: World) =>
    world.set('kube.nodes', undefined, (old) => ({
      ...old,
      nodes: old.nodes.map((node) => (node.name === 'm2' ? { ...node, ready: 'Unknown' as const } : node)),
    }));
  const roots = (names: readonly string[]) => judgeAgain(unreported(failing(names)).evidence).findings.map((finding) => finding.cause.rule);
  expect(roots(['informer-sync'])).toEqual(['api-readyz-check']);
  expect(roots(['kms-provider-0'])).toContain('ha-node-notready');
});

test('where one check fails on all of them the outage is mended by that check, not by a start', () => {
  const first = (...names: readonly string[]) => {
    const world = ['m1', 'm2', 'm3'].reduce((so, node, index) => failing([names[index] ?? ''], so, node), healthyWorld());
    world.set('lb.tries', undefined, { tries: [answered('m1', 500, '[-]kms-provider-0 failed: reason withheld\n')] });
    return judgeAgain(world.evidence).findings[0];
  };
  const alike = first('kms-provider-0', 'kms-provider-0', 'kms-provider-0');
  expect(alike?.cause.rule).toBe('api-all-masters-down');
  expect(alike?.effects.map(({ rule: folded }) => folded)).toContain('api-readyz-check');
  expect(alike?.fixes.map(({ risk }) => risk)).toEqual(['none', 'none']);
  expect(first('kms-provider-0', 'log', 'ping')?.fixes.map(({ risk }) => risk)).not.toEqual(['none', 'none']);
});
