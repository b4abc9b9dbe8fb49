import { describe, expect, test } from 'vitest';
import rule from '../../../rules/loadbalancer/lb-check-disagrees.ts';
import type { FailureClass } from '../../../src/model/network.ts';
import { fixesOf, gateOf, shown, unfilled } from '../../kit/texts.ts';
import { answered, asFail, failedTries, healthyWorld, now, type World } from '../../kit/world.ts';
import { behindEnvoy, failedCheck, row, timedOut, withoutBalancer } from './balancer.ts';

const expired = { kind: 'untrusted', why: 'expired', detail: '' } as const;

/** m2 is silent to us, and no client has met it through the balancer. */
function silent(why: FailureClass): World {
  return healthyWorld()
    .set('api.ready', 'm2', { tries: failedTries('m2', why) })
    .set('lb.tries', undefined, { tries: [answered('m1', 200, 'ok')] });
}

function checked(world: World, checkStatus: string, status = 'UP'): World {
  return row(world, 'm2', { status, checkStatus });
}

test('they agree that all are well', () => {
  expect(
    healthyWorld()
      .judge(rule)
      .map((verdict) => verdict.status),
  ).toEqual(['pass', 'pass', 'pass']);
});

test('a connect check and a hung API server', () => {
  const world = checked(silent('hung'), 'L4OK');
  const verdict = asFail(world.verdict(rule, 'm2'));
  expect(verdict).toMatchObject({ reason: 'up', witness: 'agreed' });
  expect(unfilled(rule, verdict)).toEqual([]);
  expect(shown(rule, verdict)).toEqual(['api/m2 10.89.0.12:6443  UP L4OK for HAProxy; it does not answer (hung)']);
  expect(fixesOf(rule, world, verdict)[0]?.undo?.[0]).toContain('set server api/m2 state ready');
});

test('no check of HAProxy’s sees an expired certificate when it asks without verifying', () => {
  const world = healthyWorld().set('api.ready', 'm2', { tries: [answered('m2', 200, 'ok', { trust: expired })] });
  expect(asFail(world.verdict(rule, 'm2')).reason).toBe('up');
});

test('a connect check and an API server that is not ready', () => {
  const world = checked(healthyWorld().set('api.ready', 'm2', { tries: [answered('m2', 500, '[-]etcd failed\n')] }), 'L4OK');
  expect(asFail(world.verdict(rule, 'm2')).reason).toBe('up');
});

test('no check at all sends clients to the dead', () => {
  expect(asFail(checked(silent('refused'), '', 'no check').verdict(rule, 'm2')).reason).toBe('up');
});

test.each([
  ['L7OK', 'hung'],
  ['L7OK', 'refused'],
  ['L6OK', 'hung'],
  ['L4OK', 'refused'],
  ['L4OK', 'timeout'],
] as const)('a check that reaches %s would have seen “%s”: it may not have run since', (checkStatus, why) => {
  expect(checked(silent(why), checkStatus).verdict(rule, 'm2').status).toBe('unknown');
});

test.each(['UP 1/3', 'UP 2/3', 'DOWN 1/2', 'MAINT', 'DRAIN'])('%s is no verdict to disagree with', (status) => {
  expect(checked(silent('hung'), 'L4OK', status).verdict(rule, 'm2').status).toBe('pass');
});

test('a check that has failed once is on its way', () => {
  expect(checked(silent('hung'), 'L6TOUT').verdict(rule, 'm2').status).toBe('pass');
});

test('DOWN and silent agree', () => {
  expect(checked(silent('refused'), 'L4CON', 'DOWN').verdict(rule, 'm2').status).toBe('pass');
});

test('DOWN for long while it serves: something between the two', () => {
  const world = row(healthyWorld(), 'm3', { status: 'DOWN', checkStatus: 'L4CON', address: '10.89.0.13:6444' });
  const verdict = asFail(world.verdict(rule, 'm3'));
  expect(verdict).toMatchObject({ reason: 'down' });
  expect(unfilled(rule, verdict)).toEqual([]);
  expect(fixesOf(rule, world, verdict)[0]?.run[0]).toContain('https://10.89.0.13:6444/readyz');
  expect(gateOf(rule, world, verdict, { ...verdict, rule: 'lb-backend-down' as const, reason: 'refused' })).toEqual(['yes']);
  expect(gateOf(rule, world, { ...verdict, reason: 'up' }, { ...verdict, rule: 'lb-backend-down' as const, reason: 'refused' })).toEqual([
    'no',
  ]);
});

test('DOWN since less than 30 s, or an API server younger than that: either has changed only just now', () => {
  const down = (lastChange: number) => row(healthyWorld(), 'm2', { status: 'DOWN', checkStatus: 'L7STS', lastChange });
  expect(down(29).verdict(rule, 'm2').status).toBe('unknown');
  expect(down(30).verdict(rule, 'm2').status).toBe('fail');
  const restarted = down(300).set('kube.control-plane-pods', undefined, (old) => ({
    ...old,
    pods: old.pods.map((pod) => ({ ...pod, containers: pod.containers.map((one) => ({ ...one, startedAt: now - 20_000 })) })),
  }));
  expect(restarted.verdict(rule, 'm2').status).toBe('unknown');
});

test('a check without a login is refused where anonymous requests are: the check is wrong', () => {
  const world = row(healthyWorld(), 'm2', { status: 'DOWN', checkStatus: 'L7STS', checkCode: 401 }).set('api.ready', 'm2', {
    tries: [answered('m2', 401)],
  });
  expect(asFail(world.verdict(rule, 'm2')).reason).toBe('unauthorised');
  expect(row(world, 'm2', { checkCode: 503 }).verdict(rule, 'm2').status).toBe('pass');
});

test('silent to us but met through the balancer: our own path, not a disagreement', () => {
  const world = checked(healthyWorld().set('api.ready', 'm2', { tries: failedTries('m2', 'hung') }), 'L4OK');
  expect(world.verdict(rule, 'm2').status).toBe('unknown');
});

test('without a table, without an answer to compare, without known API servers: unknown', () => {
  expect(
    healthyWorld()
      .missing('lb.stats')
      .judge(rule)
      .map((verdict) => verdict.status),
  ).toEqual(['unknown']);
  expect(healthyWorld().missing('api.ready', 'm2').verdict(rule, 'm2').status).toBe('unknown');
  expect(
    row(healthyWorld(), '*', { address: '10.1.1.1:6443', server: 'x' })
      .judge(rule)
      .map((verdict) => verdict.status),
  ).toEqual(['unknown']);
  expect(
    withoutBalancer(healthyWorld())
      .judge(rule)
      .map((verdict) => verdict.status),
  ).toEqual(['not-applicable']);
});

describe('Envoy', () => {
  test('without a check a dead API server keeps its clients', () => {
    const world = behindEnvoy(silent('refused'), {}, { panicBelow: 50, checks: [] });
    const verdict = asFail(world.verdict(rule, 'm2'));
    expect(verdict).toMatchObject({ reason: 'up' });
    expect(shown(rule, verdict)).toEqual(['api/m2 10.89.0.12:6443  no check for Envoy; it does not answer (refused)']);
    expect(JSON.stringify(fixesOf(rule, world, verdict))).not.toContain('socat');
  });

  test('a check that should have seen it may not have run since; one that nobody knows proves nothing', () => {
    expect(behindEnvoy(silent('refused')).verdict(rule, 'm2').status).toBe('unknown');
    expect(behindEnvoy(silent('hung'), {}, {}).verdict(rule, 'm2').status).toBe('unknown');
    expect(asFail(behindEnvoy(silent('hung'), {}, { checks: ['tcp'] }).verdict(rule, 'm2')).reason).toBe('up');
  });

  test('a good server that it calls dead, once that cannot be a mere moment', () => {
    expect(asFail(behindEnvoy(healthyWorld(), { m2: failedCheck }).verdict(rule, 'm2')).reason).toBe('down');
    expect(behindEnvoy(healthyWorld(), { m2: failedCheck }).missing('kube.control-plane-pods').verdict(rule, 'm2').status).toBe('unknown');
    expect(behindEnvoy(silent('refused'), { m2: failedCheck }).verdict(rule, 'm2').status).toBe('pass');
  });

  test('a server that answers nobody without a login', () => {
    const world = healthyWorld().set('api.ready', 'm2', { tries: [answered('m2', 401)] });
    expect(asFail(behindEnvoy(world, { m2: failedCheck }).verdict(rule, 'm2')).reason).toBe('unauthorised');
    expect(behindEnvoy(world, { m2: timedOut }).verdict(rule, 'm2').status).toBe('pass');
  });
});
