// Does etcd-alarm-lingering speak only where an alarm outlived the lack of space?
import { expect, test } from 'vitest';
import nospace from '../../../rules/etcd/etcd-alarm-nospace.ts';
import rule from '../../../rules/etcd/etcd-alarm-lingering.ts';
import { alarmed } from '../../kit/slow.ts';
import { asFail, expectTextsFilled, fixesOf, healthyWorld, knocksOnly, names, withoutCertificate } from './kit.ts';

test.each([
  [10, 'fail', 'not-applicable'],
  [79, 'fail', 'not-applicable'],
  [80, 'not-applicable', 'fail'],
  [100, 'not-applicable', 'fail'],
] as const)('an alarm while %i percent are used: %s here, %s there', (percent, here, there) => {
  expect(alarmed(percent).verdict(rule, 'cluster').status).toBe(here);
  expect(alarmed(percent).verdict(nospace, 'cluster').status).toBe(there);
});

test('no alarm passes', () => {
  expect(healthyWorld().verdict(rule, 'cluster').status).toBe('pass');
});

test('only the alarm is taken back, with its needs computed; without a certificate too', () => {
  for (const world of [alarmed(10), withoutCertificate(alarmed(10))]) {
    const verdict = asFail(world.verdict(rule, 'cluster'));
    expectTextsFilled(rule, verdict);
    const fixes = fixesOf(world, rule, verdict);
    expect(fixes).toHaveLength(1);
    expect(fixes[0]?.run[0]).toMatch(/alarm disarm$/);
    expect(fixes[0]?.needs.map((need) => need.met)).toEqual(['yes', 'yes']);
  }
});

test('a size or a quota that nobody told: unknown here, and the worse is said there', () => {
  const blunt = withoutCertificate(alarmed(10)).missing('etcd.metrics');
  expect([blunt.verdict(rule, 'cluster').status, blunt.verdict(nospace, 'cluster').status]).toEqual(['unknown', 'fail']);
  const one = alarmed(10).missing('etcd.status', 'm3').missing('etcd.metrics', 'm3');
  expect([one.verdict(rule, 'cluster').status, one.verdict(nospace, 'cluster').status]).toEqual(['unknown', 'fail']);
  expect(knocksOnly(alarmed(10)).verdict(rule, 'cluster').status).toBe('unknown');
  expect(names).toHaveLength(3);
});
