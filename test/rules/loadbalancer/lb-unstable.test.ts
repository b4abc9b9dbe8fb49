import { describe, expect, test } from 'vitest';
import rule from '../../../rules/loadbalancer/lb-unstable.ts';
import { fixesOf, shown, unfilled } from '../../kit/texts.ts';
import { asFail, healthyWorld } from '../../kit/world.ts';
import { behindEnvoy, failedCheck, row, withoutBalancer } from './balancer.ts';

test('steady servers and room for everybody', () => {
  expect(
    healthyWorld()
      .judge(rule)
      .map((one) => one.status),
  ).toEqual(['pass', 'pass', 'pass', 'pass']);
});

test('three times down and not yet quiet', () => {
  const world = row(healthyWorld(), 'm2', { timesDown: 3, lastChange: 20 });
  const verdict = asFail(world.verdict(rule, 'm2'));
  expect(verdict).toMatchObject({ reason: 'flapping' });
  expect(verdict.subject.keys).toMatchObject({ node: 'm2', lb: '10.89.0.10:8443' });
  expect(shown(rule, verdict)).toEqual(['has taken m2 out 3 times, last changed 20 s ago']);
  expect(unfilled(rule, verdict)).toEqual([]);
  expect(fixesOf(rule, world, verdict)).toHaveLength(1);
  expect(row(world, 'm2', { timesDown: 2 }).verdict(rule, 'm2').status).toBe('pass');
  expect(row(world, 'm2', { lastChange: 301 }).verdict(rule, 'm2').status).toBe('pass');
});

test('full, queueing, and what to do about it', () => {
  const full = row(healthyWorld(), 'FRONTEND', { sessions: 3300 });
  expect(asFail(full.verdict(rule, 'LB'))).toMatchObject({ reason: 'full', witness: 'stated' });
  expect(fixesOf(rule, full, asFail(full.verdict(rule, 'LB')))[1]?.risk).toBe('medium');
  expect(asFail(row(healthyWorld(), 'BACKEND', { queued: 4 }).verdict(rule, 'LB')).reason).toBe('queueing');
});

test('Nginx drops what it cannot handle: counters tell by growing', () => {
  const counters = (handled: number) => ({ active: 1, accepted: 1000, handled, requests: 1000 });
  const world = healthyWorld().missing('lb.stats').set('lb.nginx', undefined, counters(1000));
  expect(world.verdict(rule, 'LB').status).toBe('pass');
  expect(world.set('lb.nginx', undefined, counters(990)).verdict(rule, 'LB').status).toBe('unknown');
  expect(world.again('lb.nginx', undefined, { active: 1, accepted: 1100, handled: 1090, requests: 1 }).verdict(rule, 'LB').status).toBe(
    'pass',
  );
  expect(
    asFail(world.again('lb.nginx', undefined, { active: 1, accepted: 1200, handled: 1100, requests: 1 }).verdict(rule, 'LB')).reason,
  ).toBe('dropping');
});

test('columns that are not there, or no table: unknown', () => {
  const bare = row(healthyWorld(), '*', {}).set('lb.stats', undefined, (old) => ({
    rows: old.rows.map(({ timesDown: _down, sessions: _sessions, ...rest }) => rest),
  }));
  expect(bare.judge(rule).map((one) => one.status)).toEqual(['unknown', 'unknown', 'unknown', 'unknown']);
  expect(
    healthyWorld()
      .missing('lb.stats')
      .judge(rule)
      .map((one) => one.status),
  ).toEqual(['unknown']);
  expect(
    withoutBalancer(healthyWorld())
      .judge(rule)
      .map((one) => one.status),
  ).toEqual(['not-applicable']);
});

describe('Envoy', () => {
  const dead = { m2: failedCheck, m3: failedCheck };

  test('sends clients to servers that it calls dead where too few are left', () => {
    const world = behindEnvoy(healthyWorld(), dead);
    const verdict = asFail(world.verdict(rule, 'LB'));
    expect(verdict).toMatchObject({ reason: 'panicking', witness: 'stated' });
    expect(shown(rule, verdict)).toEqual(['sends clients to 2 of 3 servers that it calls dead itself: fewer than 50 % are healthy']);
    expect(unfilled(rule, verdict)).toEqual([]);
    expect(JSON.stringify(fixesOf(rule, world, verdict))).toContain('healthy_panic_threshold: {value: 0}');
  });

  test('does not where enough are left, where it is told not to, or where none is better', () => {
    expect(behindEnvoy(healthyWorld(), { m2: failedCheck }).verdict(rule, 'LB').status).toBe('pass');
    expect(behindEnvoy(healthyWorld(), dead, { panicBelow: 0 }).verdict(rule, 'LB').status).toBe('pass');
    expect(behindEnvoy(healthyWorld(), { ...dead, m1: failedCheck }).verdict(rule, 'LB').status).toBe('pass');
    expect(behindEnvoy(healthyWorld(), dead, {}).verdict(rule, 'LB').status).toBe('unknown');
  });

  test('is full below its circuit breaker’s limit', () => {
    expect(asFail(behindEnvoy(healthyWorld(), {}, { connectionLimit: 7 }).verdict(rule, 'LB')).reason).toBe('full');
    expect(behindEnvoy(healthyWorld(), {}, { connectionLimit: 0 }).verdict(rule, 'LB').status).toBe('unknown');
    expect(behindEnvoy(healthyWorld()).verdict(rule, 'm2').status).toBe('unknown');
  });
});
