import { expect, test } from 'vitest';
import rule from '../../../rules/leader/le-flapping.ts';
import type { LeaseSeen } from '../../../src/model/kubernetes.ts';
import { asFail, healthyWorld, type World } from '../../kit/world.ts';

const scheduler = 'kube-system/Lease/kube-scheduler';

function again(world: World, changes: Partial<LeaseSeen>): World {
  const item = world.evidence.items.find((one) => one.id === 'kube.leases');
  if (item?.state !== 'known' || item.id !== 'kube.leases') throw new Error('the world has leases');
  const leases = item.value.leases.map((lease) => (lease.name === 'kube-scheduler' ? { ...lease, ...changes } : lease));
  return world.again('kube.leases', undefined, { ...item.value, leases });
}

test('two looks without a move pass', () => {
  expect(
    again(healthyWorld(), {})
      .judge(rule)
      .map((verdict) => verdict.status),
  ).toEqual(['pass', 'pass']);
});

test('one move is what a failover or a planned restart looks like, two are too many', () => {
  expect(again(healthyWorld(), { transitions: 3, holder: 'm2_77aa' }).verdict(rule, scheduler).status).toBe('pass');
  const verdict = asFail(again(healthyWorld(), { transitions: 4, holder: 'm2_77aa' }).verdict(rule, scheduler));
  expect(verdict).toMatchObject({ severity: 'warning', facts: { moves: 2, span: '15 s', holder: 'm2_77aa', total: 4 } });
  expect(verdict.supports?.map((one) => one.state)).toEqual(['good', 'good', 'good']);
});

test('thousands of moves since long ago are no rate: one look is not enough', () => {
  const world = healthyWorld();
  world.set('kube.leases', undefined, (old) => ({ ...old, leases: old.leases.map((lease) => ({ ...lease, transitions: 4000 })) }));
  const verdict = world.verdict(rule, scheduler);
  expect(verdict).toMatchObject({ status: 'unknown', gaps: [{ detail: 'not sampled: one look only', howToGet: '--deep' }] });
});

test('a lease made anew counts from nothing: unknown', () => {
  expect(again(healthyWorld(), { transitions: 0 }).verdict(rule, scheduler).status).toBe('unknown');
});

test('no leases: unknown', () => {
  expect(
    healthyWorld()
      .missing('kube.leases')
      .judge(rule)
      .map((verdict) => verdict.status),
  ).toEqual(['unknown', 'unknown']);
  expect(
    healthyWorld()
      .set('kube.leases', undefined, (old) => ({ ...old, leases: [] }))
      .verdict(rule, scheduler).status,
  ).toBe('not-applicable');
});
