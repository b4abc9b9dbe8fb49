import { expect, test } from 'vitest';
import rule from '../../../rules/loadbalancer/lb-no-backend-up.ts';
import { avoidOf, fixesOf, gateOf, shown, unfilled } from '../../kit/texts.ts';
import { asFail, failedTries, healthyWorld, type World } from '../../kit/world.ts';
import { addRows, behindEnvoy, failedCheck, row, withoutBalancer } from './balancer.ts';

function allDown(): World {
  return row(row(healthyWorld(), '*', { status: 'DOWN', checkStatus: 'L7STS', checkCode: 500 }), 'BACKEND', {
    status: 'DOWN',
    activeServers: 0,
  });
}

test('three up, one up, or one about to go down: pass', () => {
  expect(healthyWorld().verdict(rule, 'LB').status).toBe('pass');
  expect(row(row(healthyWorld(), 'm1', { status: 'DOWN' }), 'm2', { status: 'MAINT' }).verdict(rule, 'LB').status).toBe('pass');
  expect(row(row(healthyWorld(), '*', { status: 'DOWN' }), 'm3', { status: 'UP 1/3' }).verdict(rule, 'LB').status).toBe('pass');
  expect(row(healthyWorld(), '*', { status: 'no check', checkStatus: '' }).verdict(rule, 'LB').status).toBe('pass');
});

test('all down: an outage that HAProxy itself states, resting on every server', () => {
  const verdict = asFail(allDown().verdict(rule, 'LB'));
  expect(verdict).toMatchObject({ reason: 'down', severity: 'critical', impact: 'outage', witness: 'stated' });
  expect(verdict.supports?.map(({ name, keys, state }) => `${name} ${keys.apiserver} ${state}`)[1]).toBe('m2 10.89.0.12:6443 lost');
  expect(shown(rule, verdict)[1]).toBe('m2 10.89.0.12:6443  DOWN L7STS/500');
  expect(unfilled(rule, verdict)).toEqual([]);
});

test('a server that is only coming up does not get clients yet', () => {
  expect(row(allDown(), 'm2', { status: 'DOWN 1/2' }).verdict(rule, 'LB').status).toBe('fail');
});

test('the summary alone is enough', () => {
  expect(row(healthyWorld(), 'BACKEND', { status: 'DOWN' }).verdict(rule, 'LB').status).toBe('fail');
});

test('the summary of another proxy is not', () => {
  const web = {
    proxy: 'web',
    server: 'BACKEND',
    type: 'backend',
    status: 'DOWN',
    checkStatus: '',
    lastCheck: '',
    address: '',
    mode: 'http',
  } as const;
  expect(addRows(healthyWorld(), web).verdict(rule, 'LB').status).toBe('pass');
});

test('all taken out by hand', () => {
  expect(asFail(row(healthyWorld(), '*', { status: 'MAINT' }).verdict(rule, 'LB')).reason).toBe('maintenance');
});

test('servers in a state nobody knows are unknown', () => {
  expect(row(healthyWorld(), '*', { status: 'PENDING' }).verdict(rule, 'LB').status).toBe('unknown');
});

test('no table is unknown, no balancer is not applicable', () => {
  expect(healthyWorld().missing('lb.stats').verdict(rule, 'LB').status).toBe('unknown');
  expect(
    withoutBalancer(healthyWorld())
      .judge(rule)
      .map((verdict) => verdict.status),
  ).toEqual(['not-applicable']);
});

test('with API servers that serve the balancer is what needs mending', () => {
  const world = allDown();
  const verdict = asFail(world.verdict(rule, 'LB'));
  expect(fixesOf(rule, world, verdict)).toHaveLength(2);
  expect(avoidOf(rule, world, verdict)).toHaveLength(1);
  for (const node of ['m1', 'm2', 'm3']) world.set('api.ready', node, { tries: failedTries(node, 'refused') });
  expect(fixesOf(rule, world, verdict)).toHaveLength(1);
  expect(avoidOf(rule, world, verdict)).toEqual([]);
});

test('nodes that report through it are effects', () => {
  const world = allDown();
  const cause = asFail(world.verdict(rule, 'LB'));
  const effect = (node: string) => ({
    ...cause,
    rule: 'ha-node-notready' as const,
    subject: { kind: 'node' as const, id: node, name: node, keys: { node } },
  });
  expect(gateOf(rule, world, cause, effect('w1'))).toEqual(['yes']);
  expect(gateOf(rule, world, cause, effect('m1'))).toEqual(['no']);
});

test('Envoy: none left, unless it sends clients to dead servers then', () => {
  const dead = { m1: failedCheck, m2: failedCheck, m3: failedCheck };
  const world = behindEnvoy(healthyWorld(), dead, { panicBelow: 0, checks: ['http'] });
  const verdict = asFail(world.verdict(rule, 'LB'));
  expect(shown(rule, verdict)[1]).toBe('m2 10.89.0.12:6443  failed_active_hc');
  expect(JSON.stringify(fixesOf(rule, world, verdict))).not.toContain('haproxy');
  expect(behindEnvoy(healthyWorld(), dead).verdict(rule, 'LB').status).toBe('pass');
  expect(behindEnvoy(healthyWorld(), dead, {}).verdict(rule, 'LB').status).toBe('unknown');
  expect(behindEnvoy(healthyWorld()).verdict(rule, 'LB').status).toBe('pass');
});
