// Is a member that stands still again and again told from one that is far away, from a busy machine, and from one that is gone?
import { expect, test } from 'vitest';
import rule from '../../../rules/etcd/etcd-member-stalls.ts';
import { fast } from '../../kit/healthy.ts';
import { countersOf, farAway, type Node, plus } from '../../kit/slow.ts';
import type { EvidenceItem } from '../../../src/model/evidence.ts';
import { failure, now, World } from '../../kit/world.ts';
import { asFail, expectTextsFilled, fixesOf, healthyWorld, ids } from './kit.ts';

const waited = (milliseconds: number) => ({ sentAt: now, receivedAt: now + milliseconds, serverTime: now, resolutionMs: 0 });

/** Looks at m2, a second apart, in which it let us wait so long; everybody else answers at once. */
function looks(first: number, ...later: readonly number[]): World {
  const world = healthyWorld().set('etcd.clock', 'm2', waited(first));
  later.forEach((milliseconds, index) => {
    for (const node of ['m1', 'm2', 'm3'] as const)
      world.again('etcd.clock', node, waited(node === 'm2' ? milliseconds : 5), (index + 1) * 1000);
  });
  return world;
}

/** So many of their 80 probes of m2 took m1 and m3 two thirds of a second. */
function metByPeers(world: World, slow: number): World {
  for (const node of ['m1', 'm3'] as const) meet(world, node, slow);
  return world;
}

function meet(world: World, node: Node, slow: number): void {
  const old = countersOf(world, node);
  world.set('etcd.metrics', node, {
    ...old,
    peerRoundTrip: { ...old.peerRoundTrip, [ids.m2]: plus(plus(fast(0), 80 - slow, 0.001), slow, 0.7) },
  });
}

test('members that answer at once pass', () => {
  expect(
    healthyWorld()
      .judge(rule)
      .map(({ status }) => status),
  ).toEqual(['pass', 'pass', 'pass']);
});

test('two long waits of four are a fault, with a plan', () => {
  const world = looks(1800, 20, 1400, 20);
  const verdict = asFail(world.verdict(rule, 'm2'));
  expect(verdict).toMatchObject({ severity: 'warning', facts: { looks: 4, long: 2, longest: '1.8 s' } });
  expectTextsFilled(rule, verdict);
  expect(fixesOf(world, rule, verdict)[0]?.run.join('\n')).toContain('/proc/pressure');
  expect(world.verdict(rule, 'm1').status).toBe('pass');
});

test('tries that got no answer belong to the wait', () => {
  const world = looks(20).set('etcd.clock', 'm2', { ...waited(100), firstSentAt: now - 1600 });
  expect(world.verdict(rule, 'm2')).toMatchObject({ status: 'unknown', secondLook: 'urged' });
});

test('one long wait is looked at again at once, and forgiven where it stays alone', () => {
  expect(looks(1800).verdict(rule, 'm2')).toMatchObject({ status: 'unknown', secondLook: 'urged' });
  expect(looks(1800, 20, 20).verdict(rule, 'm2')).toMatchObject({ status: 'unknown', secondLook: 'urged' });
  expect(looks(1800, 20, 20, 20).verdict(rule, 'm2').status).toBe('pass');
});

test('where its peers met it standing still too, it is looked at again, and two long waits are agreed on', () => {
  expect(asFail(metByPeers(looks(1800, 20, 1400, 20), 40).verdict(rule, 'm2'))).toMatchObject({ witness: 'agreed' });
  for (const world of [looks(20), looks(1800), looks(1800, 20, 20)])
    expect(metByPeers(world, 40).verdict(rule, 'm2')).toMatchObject({ status: 'unknown', secondLook: 'urged' });
  expect(metByPeers(looks(20, 20, 20, 20), 40).verdict(rule, 'm2').status).toBe('pass');
});

test('waits through a port-forward may be the kubelet’s: they count where a look was quick, or the peers had to wait as well', () => {
  const forwarded = (world: World): World => {
    const items = world.evidence.items.map((item) => (item.id === 'etcd.clock' ? { ...item, source: 'port-forward' } : item));
    return new World(items as EvidenceItem[]);
  };
  expect(forwarded(looks(1800, 20, 1400, 20)).verdict(rule, 'm2').status).toBe('fail');
  expect(forwarded(looks(1800)).verdict(rule, 'm2')).toMatchObject({ status: 'unknown', secondLook: 'urged' });
  expect(forwarded(looks(1800, 1500, 1400, 1200)).verdict(rule, 'm2').status).toBe('pass');
  expect(forwarded(metByPeers(looks(1800, 1500, 1400, 1200), 40)).verdict(rule, 'm2').status).toBe('fail');
});

test('a few slow round trips of many, or those of one peer alone, tell nothing', () => {
  expect(metByPeers(looks(20), 4).verdict(rule, 'm2').status).toBe('pass');
  const world = looks(20);
  meet(world, 'm1', 40);
  meet(world, 'm3', 0);
  expect(world.verdict(rule, 'm2').status).toBe('pass');
});

test('a way that is slow in both directions is no standstill', () => {
  const world = farAway(0.7);
  for (const node of ['m1', 'm3'] as const) meet(world, node, 80);
  expect(world.verdict(rule, 'm2').status).toBe('pass');
});

test('what every member makes us wait for is not this one’s doing', () => {
  const world = looks(1800, 1800);
  for (const node of ['m1', 'm3'] as const) world.set('etcd.clock', node, waited(1700));
  for (const node of ['m1', 'm3'] as const) world.again('etcd.clock', node, waited(1700), 1000);
  expect(world.verdict(rule, 'm2').status).toBe('pass');
});

test('a health check that hung counts where no time was told, for it waits for the quorum', () => {
  const hung = (world: World): World => {
    world.set('etcd.health', 'm2', failure('hung'));
    for (const node of ['m1', 'm2', 'm3'] as const)
      world.again('etcd.health', node, node === 'm2' ? failure('hung') : { kind: 'healthy' }, 1000);
    return world;
  };
  const others = healthyWorld();
  for (const node of ['m1', 'm3'] as const) others.again('etcd.clock', node, waited(5), 1000);
  const world = metByPeers(hung(others.missing('etcd.clock', 'm2')), 40);
  expect(asFail(world.verdict(rule, 'm2')).facts['longest']).toBe('without an answer in time');
  expect(hung(looks(5, 5)).verdict(rule, 'm2').status).toBe('pass');
});

test('without a look it is unknown', () => {
  const unseen = healthyWorld();
  for (const id of ['etcd.clock', 'etcd.health'] as const) unseen.missing(id, 'm2');
  expect(unseen.verdict(rule, 'm2').status).toBe('unknown');
});
