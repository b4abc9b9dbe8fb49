// Does etcd-lag tell a member that stays behind from one that catches up?
import { expect, test } from 'vitest';
import rule from '../../../rules/etcd/etcd-lag.ts';
import { behind, countersOf, lookAgain } from '../../kit/slow.ts';
import {
  asFail,
  changeStatus,
  expectTextsFilled,
  fixesOf,
  healthyWorld,
  knocksOnly,
  loseLeader,
  names,
  silence,
  type World,
} from './kit.ts';

function unapplied(entries: number): World {
  const world = healthyWorld();
  world.set('etcd.metrics', 'm2', { ...countersOf(world, 'm2'), applied: 60_001 - entries });
  for (const node of names) lookAgain(world, node);
  return world;
}

test.each([
  [1000, 'pass', undefined],
  [1001, 'fail', 'warning'],
  [5001, 'fail', 'critical'],
] as const)('%i entries behind the leader at both looks: %s %s', (entries, status, severity) => {
  const verdict = behind(entries).verdict(rule, 'm2');
  expect([verdict.status, verdict.status === 'fail' ? verdict.severity : undefined]).toEqual([status, severity]);
});

test.each([
  [100, 'pass', undefined],
  [101, 'fail', 'warning'],
  [5000, 'fail', 'critical'],
] as const)('%i entries not applied at both looks: %s %s', (entries, status, severity) => {
  const verdict = unapplied(entries).verdict(rule, 'm2');
  expect([verdict.status, verdict.status === 'fail' ? verdict.severity : undefined]).toEqual([status, severity]);
});

test('one that catches up is not judged, nor is a single look that shows it far behind', () => {
  const world = healthyWorld();
  world.set('etcd.metrics', 'm2', { ...countersOf(world, 'm2'), committed: 40_000, applied: 40_000 });
  expect(world.verdict(rule, 'm2').status).toBe('unknown');
  for (const node of names) lookAgain(world, node, () => (node === 'm2' ? { committed: 50_000, applied: 50_000 } : {}));
  expect(world.verdict(rule, 'm2').status).toBe('unknown');
});

test('a single look that shows it close is enough, by counters or by status', () => {
  expect(healthyWorld().verdict(rule, 'm2').status).toBe('pass');
  expect(healthyWorld().missing('etcd.metrics').verdict(rule, 'm2').status).toBe('pass');
  const far = changeStatus(healthyWorld().missing('etcd.metrics'), 'm2', (old) => ({ ...old, raftIndex: '50000', appliedIndex: '50000' }));
  expect(far.verdict(rule, 'm2').status).toBe('unknown');
});

test('texts and commands', () => {
  const world = behind(6000);
  const verdict = asFail(world.verdict(rule, 'm2'));
  expect(String(verdict.facts['words'])).toBe('its log ends 6000 entries before the leader’s');
  expectTextsFilled(rule, verdict);
  expect(fixesOf(world, rule, verdict)[0]?.risk).toBe('none');
});

test('no leader to compare with, answers at other times, nobody asked: unknown; silent: not its matter', () => {
  expect(loseLeader(healthyWorld(), 'm2').verdict(rule, 'm2').status).toBe('unknown');
  expect(silence(healthyWorld(), 'm1').verdict(rule, 'm2').status).toBe('unknown');
  const apart = lookAgain(healthyWorld().missing('etcd.metrics', 'm1'), 'm2');
  expect(apart.verdict(rule, 'm2').status).toBe('unknown');
  expect(knocksOnly(healthyWorld()).verdict(rule, 'm2').status).toBe('unknown');
  expect(silence(healthyWorld(), 'm2').verdict(rule, 'm2').status).toBe('not-applicable');
});
