import { expect, test } from 'vitest';
import rule from '../../../rules/apiserver/api-identity-lease.ts';
import type { LeaseSeen } from '../../../src/model/kubernetes.ts';
import { unfilled } from '../../kit/texts.ts';
import { asFail, failedTries, healthyWorld, now, type World } from '../../kit/world.ts';

function leases(change: (lease: LeaseSeen) => LeaseSeen | undefined, world = healthyWorld()): World {
  return world.set('kube.leases', undefined, (old) => ({ ...old, leases: old.leases.flatMap((lease) => change(lease) ?? []) }));
}

const m2 = (change: Partial<LeaseSeen> | undefined, world?: World) =>
  leases((lease) => (lease.name !== 'apiserver-m2' ? lease : change && { ...lease, ...change }), world);

/** A second look in which this was so. */
function again(world: World, change: Partial<LeaseSeen>): World {
  const item = world.evidence.items.find((one) => one.id === 'kube.leases');
  if (item?.state !== 'known' || item.id !== 'kube.leases') throw new Error('there are no leases');
  const later = item.value.leases.map((lease) => (lease.name === 'apiserver-m2' ? { ...lease, ...change } : lease));
  return world.again('kube.leases', undefined, { ...item.value, leases: later });
}

test('each API server renews its own', () => {
  expect(
    healthyWorld()
      .judge(rule)
      .map((one) => one.status),
  ).toEqual(['pass', 'pass', 'pass']);
});

test.each([
  [59_000, 'pass'],
  [59_998, 'unknown'],
  [62_000, 'fail'],
] as const)('renewed %i ms ago by the clock of its machine: %s', (age, expected) => {
  expect(m2({ renewedAt: now - age }).verdict(rule, 'm2').status).toBe(expected);
});

test('without that clock the other may be a minute off; two looks decide', () => {
  const blind = (age: number) => {
    const world = m2({ renewedAt: now - age }).missing('etcd.clock', 'm2');
    return world.set('api.ready', 'm2', ({ tries }) => ({
      tries: tries.map((one) => ({ ...one, outcome: { kind: 'answered', status: 200, body: 'ok' } as const })),
    }));
  };
  expect(blind(100_000).verdict(rule, 'm2').status).toBe('unknown');
  expect(again(blind(100_000), { renewedAt: now - 90_000 }).verdict(rule, 'm2').status).toBe('pass');
  const verdict = asFail(blind(125_000).verdict(rule, 'm2'));
  expect(verdict.reason).toBe('expired');
  expect(unfilled(rule, verdict)).toEqual([]);
});

test('one lease that two hold in turns, or that is missing where three serve, is a shared host name', () => {
  const world = again(again(healthyWorld(), { holder: 'other_2' }), {});
  expect(asFail(world.verdict(rule, 'm2')).reason).toBe('collision');
  const verdict = asFail(m2(undefined).verdict(rule, 'm2'));
  expect(verdict.reason).toBe('collision');
  expect(unfilled(rule, verdict)).toEqual([]);
  // A restart takes a new holder once, and does not give it back.
  expect(again(healthyWorld(), { holder: 'apiserver-m2_2', renewedAt: now }).verdict(rule, 'm2').status).toBe('pass');
});

test('an API server that does not serve and has no lease is no riddle; one whose lease is old is told', () => {
  const dead = (world: World) => world.set('api.ready', 'm2', { tries: failedTries('m2', 'refused') });
  expect(dead(m2(undefined)).verdict(rule, 'm2').status).toBe('pass');
  expect(dead(m2({ renewedAt: now - 300_000 })).verdict(rule, 'm2').status).toBe('fail');
});

test('of an old and a new one under a host name, the new one counts', () => {
  const world = healthyWorld().set('kube.leases', undefined, (old) => {
    const own = old.leases.filter((lease) => lease.name === 'apiserver-m2');
    return { ...old, leases: [...own.map((lease) => ({ ...lease, name: 'apiserver-old', renewedAt: now - 3_000_000 })), ...old.leases] };
  });
  expect(world.verdict(rule, 'm2').status).toBe('pass');
});

test('no leases read: unknown; a release without them: not applicable', () => {
  expect(healthyWorld().missing('kube.leases').verdict(rule, 'm2').status).toBe('unknown');
  expect(healthyWorld().missing('api.ready', 'm2').verdict(rule, 'm2').status).toBe('unknown');
  expect(leases((lease) => (lease.name.startsWith('apiserver') ? undefined : lease)).verdict(rule, 'm2').status).toBe('not-applicable');
});
