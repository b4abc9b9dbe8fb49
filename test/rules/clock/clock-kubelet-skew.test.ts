// Is a node's clock that is off told from one that is right, and from one nobody can read?
import { expect, test } from 'vitest';
import rule from '../../../rules/clock/clock-kubelet-skew.ts';
import master from '../../../rules/clock/clock-apiserver-skew.ts';
import member from '../../../rules/clock/clock-etcd-skew.ts';
import future from '../../../rules/leader/le-renew-in-future.ts';
import { heartbeat, machineOff, serverClockOff } from '../../kit/clock-worlds.ts';
import { avoidOf, fixesOf, gateOf, unfilled } from '../../kit/texts.ts';
import { asFail, healthyWorld, now, type World } from '../../kit/world.ts';

const second = 'kube-node-lease/Lease/m2';

test('equal clocks pass, whoever stored the heartbeat', () => {
  expect(
    healthyWorld()
      .judge(rule)
      .map((verdict) => verdict.status),
  ).toEqual(['pass', 'pass', 'pass', 'pass']);
});

test.each([
  [30_000, 'ahead', 'warning'],
  [4500, 'ahead', 'warning'],
  [90_000, 'ahead', 'critical'],
  [-30_000, 'behind', 'warning'],
  [-90_000, 'behind', 'critical'],
] as const)('a worker off by %d ms is %s', (own, reason, severity) => {
  const world = heartbeat(healthyWorld(), 'w1', own, 0);
  const verdict = asFail(world.verdict(rule, 'w1'));
  expect(verdict).toMatchObject({ reason, severity, witness: 'agreed', subject: { keys: { node: 'w1' } } });
  expect(unfilled(rule, verdict)).toEqual([]);
  expect(fixesOf(rule, world, verdict).every((fix) => fix.where === 'w1')).toBe(true);
  expect(avoidOf(rule, world, verdict)).toHaveLength(1);
  expect(world.verdict(rule, 'm1').status).toBe('pass');
});

test('what a renewal’s way can hide is neither: up to ten seconds behind, or a little ahead', () => {
  for (const own of [-9000, -5000, 900]) expect(heartbeat(healthyWorld(), 'w1', own, 0).verdict(rule, 'w1').status).not.toBe('fail');
  expect(heartbeat(healthyWorld(), 'w1', 2500, 0).verdict(rule, 'w1').status).not.toBe('fail');
});

test('a master whose kubelet stores through its own API server is compared with the others', () => {
  const world = machineOff('m2', 30_000);
  const verdict = asFail(world.verdict(rule, 'm2'));
  expect(verdict.reason).toBe('ahead');
  for (const [cause, one] of [
    [master, asFail(world.verdict(master, 'm2'))],
    [member, asFail(world.verdict(member, 'm2'))],
  ] as const) {
    expect(gateOf(cause, world, one, verdict)).toEqual(['yes']);
    expect(gateOf(cause, world, one, asFail(world.verdict(future, second)))).toEqual(['yes']);
  }
  expect(gateOf(rule, world, verdict, asFail(world.verdict(future, second)))).toEqual(['yes']);
  for (const behind of [-30_000, -90_000]) expect(asFail(machineOff('m2', behind).verdict(rule, 'm2')).reason).toBe('behind');
});

test('a worker whose heartbeat was stored by an API server that is off is not blamed for it', () => {
  for (const [own, stores] of [
    [0, 30_000],
    [0, -30_000],
  ] as const) {
    const world = heartbeat(serverClockOff(healthyWorld(), 'm2', stores), 'w1', own, stores);
    expect(world.verdict(rule, 'w1').status).not.toBe('fail');
  }
});

test('a kubelet that is silent tells no time, except one from the future', () => {
  expect(heartbeat(healthyWorld(), 'w1', -90_000, 0, 120_000).verdict(rule, 'w1').status).toBe('unknown');
  expect(heartbeat(healthyWorld(), 'w1', 0, 0, 120_000).verdict(rule, 'w1').status).toBe('unknown');
  expect(asFail(heartbeat(healthyWorld(), 'w1', 300_000, 0, 120_000).verdict(rule, 'w1')).reason).toBe('ahead');
});

test('heartbeats that contradict each other: the clock was set meanwhile', () => {
  const world = healthyWorld();
  const later = heartbeat(healthyWorld(), 'w1', -60_000, 0).evidence.items.find((one) => one.id === 'kube.node-leases');
  if (later?.state !== 'known' || later.id !== 'kube.node-leases') throw new Error('the world has heartbeats');
  world.again('kube.node-leases', undefined, later.value);
  expect(world.verdict(rule, 'w1').status).toBe('unknown');
});

test('without heartbeats, the moment of storing, servers that tell the time, or some master’s clock: unknown', () => {
  for (const verdict of healthyWorld().missing('kube.node-leases').judge(rule)) expect(verdict.status).toBe('unknown');
  for (const verdict of healthyWorld().missing('kube.nodes').judge(rule)) expect(verdict.status).toBe('unknown');
  const none = healthyWorld().missing('api.ready').missing('etcd.clock');
  for (const verdict of none.judge(rule)) expect(verdict.status).toBe('unknown');
  const unstored = healthyWorld().set('kube.node-leases', undefined, (old) => ({
    ...old,
    leases: old.leases.map(({ storedAt: _none, ...lease }) => lease),
  }));
  expect(unstored.verdict(rule, 'w1').status).toBe('unknown');
  const one = healthyWorld().missing('api.ready', 'm2').missing('etcd.clock', 'm2');
  expect(one.verdict(rule, 'w1').status).toBe('unknown');
  const untimed = healthyWorld().set('kube.node-leases', undefined, ({ leases }) => ({ leases }));
  expect(untimed.verdict(rule, 'w1').status).toBe('unknown');
});

test('what was seen before it was written proves a clock ahead, even without the moment of storing', () => {
  const world = healthyWorld().set('kube.node-leases', undefined, (old) => ({
    ...old,
    leases: old.leases.map(({ storedAt: _none, ...lease }) => (lease.name === 'w1' ? { ...lease, renewedAt: now + 20_000 } : lease)),
  }));
  expect(asFail(world.verdict(rule, 'w1'))).toMatchObject({ reason: 'ahead', facts: { skew: expect.stringContaining('more than') } });
});

test('on a master whose kubelet goes through the load balancer the hull of all masters counts', () => {
  const old = (world: World): World =>
    world.set('kube.nodes', undefined, (list) => ({
      ...list,
      nodes: list.nodes.map((node) => ({ ...node, kubeletVersion: 'v1.30.2' })),
    }));
  expect(old(healthyWorld()).verdict(rule, 'm2').status).toBe('pass');
  expect(asFail(old(heartbeat(healthyWorld(), 'm2', 30_000, 0)).verdict(rule, 'm2')).reason).toBe('ahead');
});

test('one machine that is left of three may be the wrong one: nobody is blamed by it', () => {
  const world = serverClockOff(healthyWorld(), 'm2', -90_000);
  for (const node of ['m1', 'm3']) world.missing('api.ready', node).missing('etcd.clock', node);
  expect(world.verdict(rule, 'w1').status).toBe('unknown');
});
