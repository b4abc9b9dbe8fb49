import { expect, test } from 'vitest';
import rule from '../../../rules/loadbalancer/lb-port-conflict.ts';
import type { Bind } from '../../../src/model/balancer.ts';
import { fixesOf, shown, unfilled } from '../../kit/texts.ts';
import { asFail, failedTries, healthyWorld, type World } from '../../kit/world.ts';
import { files, paths } from './balancer.ts';

/** The balancer runs on m2. */
function onM2(bind: Partial<Bind>, flag = ''): World {
  const world = paths(
    files(healthyWorld(), (file) => ({ ...file, node: 'm2' })),
    (path) => ({ ...path, binds: [{ host: '', port: 6443, tls: false, ...bind }] }),
  );
  return world.set('kube.control-plane-pods', undefined, (old) => ({
    ...old,
    pods: old.pods.map((pod) => ({ ...pod, containers: pod.containers.map((one) => ({ ...one, command: [...one.command, flag] })) })),
  }));
}

test('a balancer on a machine of its own, or on a port of its own', () => {
  expect(
    healthyWorld()
      .judge(rule)
      .map((one) => one.status),
  ).toEqual(['not-applicable']);
  expect(onM2({ port: 8443 }).verdict(rule, 'm2').status).toBe('pass');
});

test('both want every address, or one address of a server that wants them all', () => {
  const verdict = asFail(onM2({}).verdict(rule, 'm2'));
  expect(verdict).toMatchObject({ reason: 'both-configured', severity: 'warning', witness: 'stated' });
  expect(verdict.subject.keys.node).toBe('m2');
  expect(shown(rule, verdict)).toEqual(['HAProxy binds *:6443 (/etc/haproxy/haproxy.cfg); the API server listens at *:6443']);
  expect(unfilled(rule, verdict)).toEqual([]);
  expect(fixesOf(rule, onM2({}), verdict)[0]?.where).toBe('m2');
  expect(onM2({ host: '10.89.0.10' }).verdict(rule, 'm2').status).toBe('fail');
});

test('each has an address of its own', () => {
  expect(onM2({ host: '10.89.0.10' }, '--bind-address=10.89.0.12').verdict(rule, 'm2').status).toBe('pass');
  expect(onM2({ host: '10.89.0.12' }, '--bind-address=10.89.0.12').verdict(rule, 'm2').status).toBe('fail');
});

test('the API server that lost is an incident', () => {
  const world = onM2({}).set('api.ready', 'm2', { tries: failedTries('m2', 'refused') });
  expect(asFail(world.verdict(rule, 'm2'))).toMatchObject({ reason: 'api-server-lost', severity: 'critical' });
});

test('without a file nobody knows', () => {
  expect(
    healthyWorld()
      .missing('lb.config')
      .judge(rule)
      .map((one) => one.status),
  ).toEqual(['unknown']);
});
