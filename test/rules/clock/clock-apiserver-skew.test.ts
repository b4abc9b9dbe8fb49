import { expect, test } from 'vitest';
import future from '../../../rules/certificates/cert-not-yet-valid.ts';
import rule from '../../../rules/clock/clock-apiserver-skew.ts';
import { gateOf } from '../../kit/texts.ts';
import { answered, asFail, certificate, failedTries, healthyWorld, now, type World } from '../../kit/world.ts';

function off(world: World, node: string, milliseconds: number): World {
  return world.set('api.ready', node, { tries: [answered(node, 200, 'ok', {}, now + milliseconds)] });
}

function without(world: World, ...nodes: string[]): World {
  for (const node of nodes) world.drop('api.ready', node).drop('etcd.clock', node);
  return world;
}

/** Without a nanosecond clock, every second counts as a whole one. */
function coarse(): World {
  return healthyWorld().missing('etcd.clock');
}

test('equal clocks pass, by Date headers alone too', () => {
  expect(
    healthyWorld()
      .judge(rule)
      .map((verdict) => verdict.status),
  ).toEqual(['pass', 'pass', 'pass']);
  expect(
    coarse()
      .judge(rule)
      .map((verdict) => verdict.status),
  ).toEqual(['pass', 'pass', 'pass']);
});

test.each([
  [30_000, 'ahead', 'warning'],
  [-30_000, 'behind', 'warning'],
  [90_000, 'ahead', 'critical'],
  [-400_000, 'behind', 'critical'],
] as const)('m2 off by %d ms is %s and %s; the others are right', (milliseconds, reason, severity) => {
  const world = off(coarse(), 'm2', milliseconds);
  expect(asFail(world.verdict(rule, 'm2'))).toMatchObject({ reason, severity, witness: 'agreed' });
  expect(world.verdict(rule, 'm1').status).toBe('pass');
  expect(world.verdict(rule, 'm3').status).toBe('pass');
});

test('the member on the same machine is off with it and does not outvote the others', () => {
  const world = off(healthyWorld(), 'm2', 30_000);
  world.set('etcd.clock', 'm2', { sentAt: now, receivedAt: now + 4, serverTime: now + 30_002, resolutionMs: 0 });
  expect(world.judge(rule).map((verdict) => verdict.status)).toEqual(['pass', 'fail', 'pass']);
});

test('60 s is critical only when it is surely more', () => {
  expect(asFail(off(coarse(), 'm2', 61_000).verdict(rule, 'm2')).severity).toBe('warning');
  expect(asFail(off(coarse(), 'm2', 63_000).verdict(rule, 'm2')).severity).toBe('critical');
});

test('what the whole seconds of a Date can hide is neither a fault nor an agreement', () => {
  const world = coarse();
  const slow = { receivedAt: now + 2500 };
  for (const node of ['m1', 'm2', 'm3']) world.set('api.ready', node, { tries: [answered(node, 200, 'ok', slow)] });
  expect(world.verdict(rule, 'm2').status).toBe('unknown');
});

test('of two machines our own clock tells which is off, when it agrees with the other', () => {
  const two = without(off(coarse(), 'm2', 30_000), 'm3');
  expect(two.verdict(rule, 'm1').status).toBe('pass');
  expect(asFail(two.verdict(rule, 'm2'))).toMatchObject({ reason: 'ahead', witness: 'agreed', facts: { against: 'm1, this machine' } });
});

test('when it agrees with neither nobody can say, unless an etcd member breaks the tie', () => {
  const two = without(off(off(coarse(), 'm1', 100_000), 'm2', 130_000), 'm3');
  expect(asFail(two.verdict(rule, 'm1')).reason).toBe('one-of-two');
  expect(asFail(two.verdict(rule, 'm2')).reason).toBe('one-of-two');
  two.set('etcd.clock', 'm3', { sentAt: now, receivedAt: now + 4, serverTime: now + 100_002, resolutionMs: 0 });
  expect(two.verdict(rule, 'm1').status).toBe('pass');
  expect(asFail(two.verdict(rule, 'm2')).reason).toBe('ahead');
});

test('a master that told no time, times that contradict each other, or the only clock there is: unknown', () => {
  const silent = coarse().set('api.ready', 'm2', { tries: failedTries('m2', 'refused') });
  expect(silent.verdict(rule, 'm2')).toMatchObject({ status: 'unknown', gaps: [{ through: 'apiserver/10.89.0.12:6443' }] });
  const stepped = [answered('m2', 200, 'ok'), answered('m2', 200, 'ok', {}, now + 60_000)];
  expect(coarse().set('api.ready', 'm2', { tries: stepped }).verdict(rule, 'm2').status).toBe('unknown');
  expect(without(coarse(), 'm1', 'm3').verdict(rule, 'm2').status).toBe('unknown');
  expect(coarse().missing('api.ready', 'm2').verdict(rule, 'm2').status).toBe('unknown');
});

test('a cluster of one machine has nothing to compare', () => {
  const world = coarse();
  world.set('kube.nodes', undefined, (old) => ({ ...old, nodes: old.nodes.filter((node) => node.name === 'm1' || node.name === 'w1') }));
  world.set('kube.control-plane-pods', undefined, (old) => ({ ...old, pods: old.pods.filter((pod) => pod.node === 'm1') }));
  world.set('kube.endpoints', undefined, { addresses: ['10.89.0.11:6443'] });
  for (const id of ['etcd.members', 'etcd.client-port'] as const) world.missing(id);
  expect(world.judge(rule)).toMatchObject([{ status: 'not-applicable' }]);
});

test('a certificate that has begun by the clock of its machine is that clock’s doing, one that begins later is not', () => {
  for (const [begins, gate] of [
    [60_000, 'yes'],
    [3_600_000, 'no'],
  ] as const) {
    const world = off(healthyWorld(), 'm2', 90_000);
    world.set('etcd.clock', 'm2', { sentAt: now, receivedAt: now + 4, serverTime: now + 90_002, resolutionMs: 0 });
    const chain = [certificate('m2', { notBefore: new Date(now + begins).toISOString() })];
    world.set('api.ready', 'm2', { tries: [answered('m2', 200, 'ok', { chain }, now + 90_000)] });
    const effect = world.judge(future).find((verdict) => verdict.status === 'fail');
    if (effect === undefined) throw new Error('no certificate begins in the future');
    expect(gateOf(rule, world, asFail(world.verdict(rule, 'm2')), asFail(effect))).toEqual([gate]);
  }
});
