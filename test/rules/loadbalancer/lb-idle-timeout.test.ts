import { expect, test } from 'vitest';
import rule from '../../../rules/loadbalancer/lb-idle-timeout.ts';
import type { ProxyPath, Timeouts } from '../../../src/model/balancer.ts';
import { fixesOf, gateOf, unfilled } from '../../kit/texts.ts';
import { asFail, healthyWorld, type World } from '../../kit/world.ts';
import { files, paths, withoutBalancer } from './balancer.ts';

const timed = (timeouts: Timeouts, mode: ProxyPath['mode'] = 'tcp'): World =>
  paths(healthyWorld(), (path) => ({ ...path, mode, timeouts }));
const hour = 3_600_000;

test('an hour on both sides, or a tunnel of an hour whatever the sides', () => {
  expect(healthyWorld().verdict(rule, 'LB').status).toBe('pass');
  expect(timed({ client: 5000, server: 9000, tunnel: hour }).verdict(rule, 'LB').status).toBe('pass');
});

test.each([
  [{ client: 5000, server: 5000 }, 'short', 'warning'],
  [{ client: hour, server: 34_000 }, 'short', 'warning'],
  [{ client: hour, server: hour, tunnel: 5000 }, 'short', 'warning'],
  [{ client: 50_000, server: 50_000 }, 'interactive', 'info'],
  [{ client: hour, server: 2 * hour }, 'uneven', 'info'],
  [{ server: hour }, 'missing', 'info'],
  [{}, 'missing', 'info'],
] as const)('%j is %s', (timeouts, reason, severity) => {
  const verdict = asFail(timed(timeouts).verdict(rule, 'LB'));
  expect(verdict).toMatchObject({ reason, severity, witness: 'stated' });
  expect(unfilled(rule, verdict)).toEqual([]);
});

test('a tunnel is of no use to mode http', () => {
  expect(asFail(timed({ client: 5000, server: 5000, tunnel: hour }, 'http').verdict(rule, 'LB')).reason).toBe('short');
});

test('what it brings about stays a possibility: kubelets connect again', () => {
  const world = timed({ client: 5000, server: 5000 });
  const cause = asFail(world.verdict(rule, 'LB'));
  expect(gateOf(rule, world, cause, { ...cause, rule: 'ha-node-notready' })).toEqual(['unknown']);
  expect(gateOf(rule, world, { ...cause, reason: 'interactive' }, { ...cause, rule: 'ha-node-notready' })).toEqual(['no']);
});

test('Nginx is told what Nginx understands', () => {
  const world = files(timed({ client: 5000, server: 5000 }), (file) => ({
    ...file,
    content: { ...file.content, kind: 'nginx' } as typeof file.content,
  }));
  expect(String(fixesOf(rule, world, asFail(world.verdict(rule, 'LB')))[1]?.do)).toContain('proxy_timeout');
});

test('no file, or none that leads to the API, is unknown', () => {
  expect(healthyWorld().missing('lb.config').verdict(rule, 'LB').status).toBe('unknown');
  expect(
    files(healthyWorld(), (file) => ({ ...file, from: 'here', content: { kind: 'addresses', addresses: [] } })).verdict(rule, 'LB').status,
  ).toBe('unknown');
  expect(
    withoutBalancer(healthyWorld())
      .judge(rule)
      .map((one) => one.status),
  ).toEqual(['not-applicable']);
});
