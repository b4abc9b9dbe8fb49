// Is a lease from the future told from one that was just renewed?
import { expect, test } from 'vitest';
import rule from '../../../rules/leader/le-renew-in-future.ts';
import { heartbeat, machineOff, serverClockOff } from '../../kit/clock-worlds.ts';
import { changeLease, scheduler } from '../../kit/leader-worlds.ts';
import { fixesOf, unfilled } from '../../kit/texts.ts';
import { asFail, healthyWorld, now } from '../../kit/world.ts';

test('leases of a healthy cluster pass, heartbeats too', () => {
  expect(
    healthyWorld()
      .judge(rule)
      .map((verdict) => verdict.status),
  ).toEqual(['pass', 'pass', 'pass', 'pass', 'pass', 'pass']);
});

test('a master that is ahead: its leases and its heartbeat are, by the clocks of the others', () => {
  const world = machineOff('m1', 30_000);
  const verdict = asFail(world.verdict(rule, scheduler));
  expect(verdict).toMatchObject({
    severity: 'warning',
    witness: 'agreed',
    facts: { against: 'm2, m3' },
    subject: { keys: { node: 'm1' } },
  });
  expect(unfilled(rule, verdict)).toEqual([]);
  expect(asFail(world.verdict(rule, 'kube-node-lease/Lease/m1')).subject.keys).toMatchObject({ node: 'm1' });
  expect(world.verdict(rule, 'kube-node-lease/Lease/m2').status).toBe('pass');
  expect(fixesOf(rule, world, verdict, asFail(world.verdict(rule, 'kube-node-lease/Lease/m1')))).toHaveLength(2);
  expect(asFail(machineOff('m1', 90_000).verdict(rule, scheduler)).severity).toBe('critical');
});

test('a clock that is behind, or a server that is, puts no lease of others into the future', () => {
  for (const world of [machineOff('m1', -30_000), serverClockOff(healthyWorld(), 'm2', -90_000)])
    for (const verdict of world.judge(rule)) expect(verdict.status).not.toBe('fail');
});

test('a worker that is ahead', () => {
  expect(asFail(heartbeat(healthyWorld(), 'w1', 30_000, 0).verdict(rule, 'kube-node-lease/Lease/w1')).facts['against']).toBe('m1, m2, m3');
});

test('by less than the clocks can prove: not called the future', () => {
  expect(changeLease(healthyWorld(), 'kube-scheduler', { renewedAt: now + 800 }).verdict(rule, scheduler).status).not.toBe('fail');
});

test('no leases, no clock of theirs, no clock of others: unknown; no such lease: not applicable', () => {
  for (const id of ['kube.leases', 'kube.node-leases', 'kube.nodes'] as const)
    expect(
      healthyWorld()
        .missing(id)
        .judge(rule)
        .some((verdict) => verdict.status === 'unknown'),
      id,
    ).toBe(true);
  const silent = healthyWorld().missing('api.ready').missing('etcd.clock');
  for (const verdict of silent.judge(rule)) expect(verdict.status).toBe('unknown');
  const untimed = healthyWorld().set('kube.leases', undefined, ({ leases }) => ({ leases }));
  expect(untimed.verdict(rule, scheduler).status).toBe('unknown');
  const none = healthyWorld().set('kube.leases', undefined, (old) => ({ ...old, leases: [] }));
  expect(none.verdict(rule, scheduler).status).toBe('not-applicable');
});

test('one machine that is left of three may be the wrong one: nobody is blamed by it', () => {
  const world = serverClockOff(healthyWorld(), 'm2', -90_000);
  for (const node of ['m1', 'm3']) world.missing('api.ready', node).missing('etcd.clock', node);
  expect(world.verdict(rule, 'kube-node-lease/Lease/w1').status).toBe('unknown');
});
