// Does etcd-commit-slow tell a database that is slow from one that is quick, or was looked at only once?
import { expect, test } from 'vitest';
import rule from '../../../rules/etcd/etcd-commit-slow.ts';
import { slowly } from '../../kit/slow.ts';
import { asFail, expectTextsFilled, fixesOf, healthyWorld, knocksOnly, silence } from './kit.ts';

test.each([
  [60, 0.002, 'pass', undefined],
  [60, 0.05, 'fail', 'info'],
  [60, 0.5, 'fail', 'warning'],
  [2, 0.5, 'unknown', undefined],
  [19, 0.002, 'unknown', undefined],
] as const)('%i commits of %d s between two looks: %s %s', (count, seconds, status, severity) => {
  const verdict = slowly('backendCommit', count, seconds).verdict(rule, 'm2');
  expect([verdict.status, verdict.status === 'fail' ? verdict.severity : undefined]).toEqual([status, severity]);
});

test('its texts are filled and its commands look only', () => {
  const world = slowly('backendCommit', 60, 0.5);
  const verdict = asFail(world.verdict(rule, 'm2'));
  expect(verdict.facts).toMatchObject({ member: 'm2', count: 60, slow: 60, bound: '250 ms' });
  expectTextsFilled(rule, verdict);
  expect(fixesOf(world, rule, verdict).every((fix) => fix.risk === 'none')).toBe(true);
});

test('one look or none is unknown, and a dead member commits nothing', () => {
  expect(healthyWorld().verdict(rule, 'm2').status).toBe('unknown');
  expect(knocksOnly(slowly('backendCommit', 60, 0.5)).verdict(rule, 'm2').status).toBe('unknown');
  expect(silence(healthyWorld(), 'm2').verdict(rule, 'm2').status).toBe('not-applicable');
});
