import { expect, test } from 'vitest';
import unhealthy from '../../../rules/leader/le-component-unhealthy.ts';
import rule from '../../../rules/leader/le-flapping.ts';
import type { LeaseSeen } from '../../../src/model/kubernetes.ts';
import type { Fail } from '../../../src/model/verdict.ts';
import { startedWith } from '../../kit/leader-worlds.ts';
import { fixesOf, gateOf, unfilled } from '../../kit/texts.ts';
import { asFail, healthyWorld, now, type World } from '../../kit/world.ts';

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

const minute = 60_000;

/** The scheduler's lead was taken that many minutes ago; `told`: when somebody wrote such a thing down, by whom. */
function taken(minutesAgo: number, told: readonly (readonly [minutesAgo: number, holder: string])[]): World {
  return healthyWorld()
    .set('kube.leases', undefined, (old) => ({
      ...old,
      leases: old.leases.map((lease) =>
        lease.name === 'kube-scheduler' ? { ...lease, holder: 'm2_b', transitions: 4000, acquiredAt: now - minutesAgo * minute } : lease,
      ),
    }))
    .set('kube.leads-taken', undefined, (old) => ({
      ...old,
      taken: told.map(([ago, holder]) => ({ namespace: 'kube-system', lease: 'kube-scheduler', holder, at: now - ago * minute })),
    }));
}

test('who has led for a quarter of an hour is steady, however often it moved before', () => {
  expect(taken(16, []).verdict(rule, scheduler)).toMatchObject({ status: 'pass' });
});

test('a lead taken lately: what was written down decides in one look', () => {
  const often = [9, 7, 5, 3, 1].map((ago, index) => [ago, `m${index % 3}_x`] as const);
  const verdict = asFail(taken(1, often).verdict(rule, scheduler));
  expect(verdict).toMatchObject({ severity: 'warning', reason: 'lately', facts: { moves: 4, span: '8 min', holder: 'm2_b' } });
  expect(unfilled(rule, verdict)).toEqual([]);
  const upgraded = [...often.slice(2), [0.5, 'm2_b'] as const];
  expect(taken(0.5, upgraded).verdict(rule, scheduler)).toMatchObject({ status: 'pass' });
  const old = [
    [50, 'm1_a'],
    [40, 'm2_c'],
    [30, 'm1_d'],
    [20, 'm3_f'],
    [1, 'm2_b'],
  ] as const;
  expect(taken(1, old).verdict(rule, scheduler)).toMatchObject({ status: 'pass' });
});

test('a lead taken lately of which nobody wrote, or may read, is not sampled by one look', () => {
  const unknown = { status: 'unknown', gaps: [{ howToGet: '--deep' }] };
  expect(taken(1, []).verdict(rule, scheduler)).toMatchObject(unknown);
  expect(taken(1, [[5, 'm1_a']]).verdict(rule, scheduler)).toMatchObject(unknown);
  expect(
    taken(1, [[1, 'm2_b']])
      .missing('kube.leads-taken')
      .verdict(rule, scheduler),
  ).toMatchObject({ status: 'unknown' });
});

test('a lease made anew counts from nothing: unknown', () => {
  expect(again(taken(1, []), { transitions: 0 }).verdict(rule, scheduler).status).toBe('unknown');
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

test('an instance that ended because it lost the lead did not bring the moves about', () => {
  const world = again(healthyWorld(), { transitions: 4, holder: 'm2_77aa' });
  const moved = asFail(world.verdict(rule, scheduler));
  const dead = (log: string) =>
    ({ ...moved, rule: 'le-component-unhealthy', group: 'kube-scheduler', facts: { ...moved.facts, log } }) as Fail;
  const effect = { ...moved, subject: { ...moved.subject, name: 'kube-scheduler' } };
  expect(gateOf(unhealthy, world, dead('"Leaderelection lost"'), effect)).toEqual(['no']);
  expect(gateOf(unhealthy, world, dead('panic: assignment to entry in nil map'), effect)).toEqual(['yes']);
});

test('the lease that is counted afterwards is the one its component uses', () => {
  const world = again(healthyWorld(), { transitions: 4, holder: 'm2_77aa' });
  const verdict = asFail(world.verdict(rule, scheduler));
  expect(fixesOf(rule, world, verdict)[0]?.verify[0]).toContain('-n kube-system get lease kube-scheduler ');
  const moved = startedWith(
    world,
    'kube-scheduler',
    undefined,
    '--leader-elect-resource-name=second',
    '--leader-elect-resource-namespace=ops',
  );
  expect(fixesOf(rule, moved, verdict)[0]?.verify[0]).toContain('-n ops get lease second ');
});
