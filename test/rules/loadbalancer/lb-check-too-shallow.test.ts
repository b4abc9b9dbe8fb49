import { expect, test } from 'vitest';
import rule from '../../../rules/loadbalancer/lb-check-too-shallow.ts';
import { fixesOf, gateOf, unfilled } from '../../kit/texts.ts';
import { answered, asFail, failedTries, healthyWorld } from '../../kit/world.ts';
import { behindEnvoy, row, withoutBalancer } from './balancer.ts';

const expired = { kind: 'untrusted', why: 'expired', detail: '' } as const;

test('a check that asks for readiness passes, even where it does not verify certificates', () => {
  expect(healthyWorld().verdict(rule, 'LB').status).toBe('pass');
});

test.each([
  ['UP', 'L4OK', 'connect'],
  ['UP', 'L6OK', 'tls'],
  ['no check', '', 'none'],
])('%s %s on all servers: %s', (status, checkStatus, reason) => {
  const verdict = asFail(row(healthyWorld(), '*', { status, checkStatus }).verdict(rule, 'LB'));
  expect(verdict).toMatchObject({ reason, severity: 'warning', impact: 'at-risk' });
  expect(unfilled(rule, verdict)).toEqual([]);
});

test.each(['L7STS', 'L7RSP', 'L7TOUT', 'L7OK'])('one server at %s shows that the check asks for more', (checkStatus) => {
  const world = row(row(healthyWorld(), '*', { status: 'DOWN', checkStatus: 'L4CON' }), 'm2', { checkStatus });
  expect(world.verdict(rule, 'LB').status).toBe('pass');
});

test('checks that all fail at the connection show nothing of what they would ask', () => {
  for (const checkStatus of ['L4CON', 'L4TOUT', 'L6RSP', 'INI']) {
    expect(row(healthyWorld(), '*', { status: 'DOWN', checkStatus }).verdict(rule, 'LB').status).toBe('unknown');
  }
});

test('a failing connection does not hide a shallow check on the others', () => {
  const world = row(row(healthyWorld(), '*', { checkStatus: 'L4OK' }), 'm2', { status: 'DOWN', checkStatus: 'L4CON' });
  expect(asFail(world.verdict(rule, 'LB')).reason).toBe('connect');
});

test('a check that finds a server well whose certificate clients refuse is blind to certificates', () => {
  const world = healthyWorld().set('api.ready', 'm2', { tries: [answered('m2', 200, 'ok', { trust: expired })] });
  const verdict = asFail(world.verdict(rule, 'LB'));
  expect(verdict).toMatchObject({ reason: 'blind-to-certificates' });
  expect(verdict.facts['servers']).toBe('m2');
  expect(unfilled(rule, verdict)).toEqual([]);
  expect(row(world, 'm2', { status: 'DOWN', checkStatus: 'L6RSP' }).verdict(rule, 'LB').status).toBe('pass');
});

test('it worsens what it hides, and a blind eye for certificates worsens nothing else', () => {
  const world = healthyWorld().set('api.ready', 'm2', { tries: [answered('m2', 200, 'ok', { trust: expired })] });
  const blind = asFail(world.verdict(rule, 'LB'));
  const effect = (reason: string) => ({ ...blind, rule: 'api-master-unreachable' as const, reason });
  expect(gateOf(rule, world, blind, effect('untrusted'))).toEqual(['yes']);
  expect(gateOf(rule, world, blind, effect('hung'))).toEqual(['no']);
  expect(gateOf(rule, world, { ...blind, reason: 'connect' }, effect('hung'))).toEqual(['yes']);
  expect(rule.explains.every((edge) => edge.kind === 'worsens')).toBe(true);
});

test('a silent API server leaves the depth of the check as it was seen; one nobody asked leaves it open', () => {
  expect(
    healthyWorld()
      .set('api.ready', 'm2', { tries: failedTries('m2', 'hung') })
      .verdict(rule, 'LB').status,
  ).toBe('pass');
  expect(healthyWorld().missing('api.ready').verdict(rule, 'LB').status).toBe('unknown');
});

test('no table is unknown, no balancer is not applicable', () => {
  expect(healthyWorld().missing('lb.stats').verdict(rule, 'LB').status).toBe('unknown');
  expect(
    withoutBalancer(healthyWorld())
      .judge(rule)
      .map((verdict) => verdict.status),
  ).toEqual(['not-applicable']);
});

test('Envoy says how it checks where its configuration can be read', () => {
  const told = (checks: readonly ('http' | 'tcp' | 'other')[]) => behindEnvoy(healthyWorld(), {}, { checks });
  expect(told(['http']).verdict(rule, 'LB').status).toBe('pass');
  expect(asFail(told(['tcp']).verdict(rule, 'LB')).reason).toBe('connect');
  const unchecked = asFail(told([]).verdict(rule, 'LB'));
  expect(unchecked.reason).toBe('none');
  expect(JSON.stringify(fixesOf(rule, told([]), unchecked))).not.toContain('haproxy');
  expect(told(['other']).verdict(rule, 'LB').status).toBe('unknown');
  expect(behindEnvoy(healthyWorld(), {}, {}).verdict(rule, 'LB').status).toBe('unknown');
});
