import { expect, test } from 'vitest';
import rule from '../../../rules/etcd/etcd-requests-failing.ts';
import type { EtcdMetrics } from '../../../src/model/etcd.ts';
import {
  asFail,
  expectTextsFilled,
  failure,
  fixesOf,
  healthyWorld,
  knocksOnly,
  loseLeader,
  silence,
  statuses,
  type World,
  withoutCertificate,
} from './kit.ts';

function again(world: World, change: Partial<EtcdMetrics>, afterMs = 15_000): World {
  const item = world.evidence.items.find((one) => one.id === 'etcd.metrics' && one.subject.name === 'm2');
  if (item?.state !== 'known' || item.id !== 'etcd.metrics' || item.value.kind !== 'answered') throw new Error('no metrics to repeat');
  return world.again('etcd.metrics', 'm2', { ...item.value, ...change }, afterMs);
}

test('a read that comes back in time passes', () => {
  expect(statuses(healthyWorld(), rule)).toEqual(['pass', 'pass', 'pass']);
});

test.each([
  [1004, 'pass'],
  [1005, 'fail'],
] as const)('a read of %i ms: %s', (milliseconds, status) => {
  const verdict = healthyWorld().set('etcd.read', 'm2', { kind: 'read', milliseconds }).verdict(rule, 'm2');
  expect(verdict.status).toBe(status);
  if (status === 'fail') expect(asFail(verdict).reason).toBe('slow');
});

test('on a slow way, or from a busy machine, every answer is slow: that is not the quorum’s fault', () => {
  const world = healthyWorld().set('etcd.read', 'm2', { kind: 'read', milliseconds: 1900 });
  world.set('etcd.clock', 'm2', (old) => ({ ...old, receivedAt: old.sentAt + 1000 }));
  expect(world.verdict(rule, 'm2').status).toBe('pass');
});

test('refused with a leader, failed, and refused for want of a leader are three reasons', () => {
  const refused = healthyWorld().set('etcd.read', 'm2', { kind: 'refused', error: 'etcdserver: request timed out' });
  const failed = healthyWorld().set('etcd.read', 'm2', failure('timeout', 'no answer'));
  const leaderless = loseLeader(healthyWorld(), 'm2');
  const verdicts = [refused, failed, leaderless].map((world) => asFail(world.verdict(rule, 'm2')));
  expect(verdicts.map((verdict) => verdict.reason)).toEqual(['refused', 'failed', 'no-leader']);
  for (const verdict of verdicts) expectTextsFilled(rule, verdict);
  fixesOf(refused, rule, asFail(refused.verdict(rule, 'm2')));
});

test('our own certificate is not its failure', () => {
  expect(
    healthyWorld()
      .set('etcd.read', 'm2', failure('tls', 'alert 45', 45))
      .verdict(rule, 'm2').status,
  ).toBe('unknown');
});

test('a silent member is judged elsewhere', () => {
  expect(silence(healthyWorld(), 'm2').verdict(rule, 'm2').status).toBe('not-applicable');
});

test('without a read one look at the counters is no rate', () => {
  const verdict = withoutCertificate(healthyWorld()).verdict(rule, 'm2');
  expect(verdict.status === 'unknown' && verdict.gaps[0]).toMatchObject({ detail: 'not sampled: one look only', howToGet: '--deep' });
  expect(knocksOnly(healthyWorld()).verdict(rule, 'm2').status).toBe('unknown');
});

test.each([
  [{ proposalsFailed: 75 }, 'pass', undefined],
  [{ proposalsFailed: 76 }, 'fail', 'proposals'],
  [{ grpcRequests: 10_200, grpcErrors: 2 }, 'pass', undefined],
  [{ grpcRequests: 10_200, grpcErrors: 3 }, 'fail', 'errors'],
  [{ grpcRequests: 10_099, grpcErrors: 50 }, 'pass', undefined],
] as const)('counters that move by %j: %s %s', (change, status, reason) => {
  const verdict = again(withoutCertificate(healthyWorld()), change).verdict(rule, 'm2');
  expect(verdict.status).toBe(status);
  if (reason === undefined) return;
  expect(asFail(verdict).reason).toBe(reason);
  expectTextsFilled(rule, asFail(verdict));
});

test.each([
  [10, 'warning'],
  [11, 'critical'],
] as const)('%i errors in 200 requests: %s', (grpcErrors, severity) => {
  expect(asFail(again(healthyWorld(), { grpcRequests: 10_200, grpcErrors }).verdict(rule, 'm2')).severity).toBe(severity);
});
