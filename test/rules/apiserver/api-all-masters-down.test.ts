import { expect, test } from 'vitest';
import rule from '../../../rules/apiserver/api-all-masters-down.ts';
import type { FailureClass } from '../../../src/model/network.ts';
import { gateOf, shown, unfilled } from '../../kit/texts.ts';
import { answered, asFail, failedTries, failure, healthyWorld, type World } from '../../kit/world.ts';

const nodes = ['m1', 'm2', 'm3'];
const expired = { kind: 'untrusted', why: 'expired', detail: 'ended 2026-11-20' } as const;

function silent(world: World, why: FailureClass, which: readonly string[] = nodes): World {
  for (const node of which) world.set('api.ready', node, { tries: failedTries(node, why) });
  return world;
}

function entryFails(world: World, why: FailureClass): World {
  return world.set('lb.tries', undefined, { tries: failedTries('m1', why) });
}

test('a healthy cluster passes, and so does one with a single survivor', () => {
  expect(healthyWorld().verdict(rule, 'cluster').status).toBe('pass');
  expect(silent(healthyWorld(), 'refused', ['m1', 'm2']).verdict(rule, 'cluster').status).toBe('pass');
});

test('all refused and the entry closes: an outage that two ways of looking agree on', () => {
  const verdict = asFail(entryFails(silent(healthyWorld(), 'refused'), 'closed').verdict(rule, 'cluster'));
  expect(verdict).toMatchObject({ severity: 'critical', impact: 'outage', witness: 'agreed' });
  expect(verdict.facts).toMatchObject({ known: 3 });
  expect(unfilled(rule, verdict)).toEqual([]);
});

test('each in its own way: refused, not ready, untrusted, 403 to everybody', () => {
  const world = entryFails(silent(healthyWorld(), 'refused', ['m1']), 'closed')
    .set('api.ready', 'm2', { tries: [answered('m2', 500, '[-]etcd failed: reason withheld\n')] })
    .set('api.ready', 'm3', { tries: [answered('m3', 200, 'ok', { trust: expired })] });
  const verdict = asFail(world.verdict(rule, 'cluster'));
  expect(verdict.witness).toBe('stated');
  expect(shown(rule, verdict)).toEqual([
    'm1 10.89.0.11:6443  refused',
    'm2 10.89.0.12:6443  /readyz 500: [-]etcd',
    'm3 10.89.0.13:6443  answers /readyz 200, no client trusts it',
  ]);
  world.set('api.ready', 'm3', { tries: [answered('m3', 403)] });
  expect(world.verdict(rule, 'cluster').status).toBe('fail');
});

test('an API server nobody could ask may be the one that is ready', () => {
  const world = entryFails(silent(healthyWorld(), 'refused', ['m1', 'm2']).missing('api.ready', 'm3'), 'closed');
  expect(world.verdict(rule, 'cluster').status).toBe('unknown');
});

test('a login wanted for /readyz is no sign of being down', () => {
  const world = silent(healthyWorld(), 'refused', ['m1', 'm2']).set('api.ready', 'm3', { tries: [answered('m3', 401)] });
  expect(world.verdict(rule, 'cluster').status).toBe('pass');
});

test('the entry serves though none answers us: a firewall, not an outage', () => {
  expect(silent(healthyWorld(), 'timeout').verdict(rule, 'cluster').status).toBe('pass');
});

test('nothing answers at all: our own path may be blocked', () => {
  const world = entryFails(silent(healthyWorld(), 'timeout'), 'timeout');
  for (const node of nodes) {
    world
      .set('etcd.client-port', node, { outcome: failure('timeout'), chain: [] })
      .set('node.kubelet-port', node, { outcome: failure('timeout'), chain: [] });
  }
  expect(world.verdict(rule, 'cluster').status).toBe('unknown');
  world.set('node.kubelet-port', 'm1', { outcome: failure('refused'), chain: [] });
  expect(world.verdict(rule, 'cluster').status).toBe('fail');
});

test('a balancer that accepts and closes shows that our path is open', () => {
  const world = entryFails(silent(healthyWorld(), 'timeout'), 'closed');
  for (const node of nodes) {
    world
      .set('etcd.client-port', node, { outcome: failure('timeout'), chain: [] })
      .set('node.kubelet-port', node, { outcome: failure('timeout'), chain: [] });
  }
  expect(world.verdict(rule, 'cluster').status).toBe('fail');
});

test('masters that may not be all of them: the entry has to fail as well', () => {
  const world = silent(healthyWorld(), 'refused').missing('kube.nodes').missing('lb.tries');
  expect(world.verdict(rule, 'cluster').status).toBe('unknown');
  expect(entryFails(silent(healthyWorld(), 'refused').missing('kube.nodes'), 'closed').verdict(rule, 'cluster').status).toBe('fail');
});

test('with a complete list the entry need not have been tried', () => {
  const verdict = asFail(silent(healthyWorld(), 'refused').missing('lb.tries').verdict(rule, 'cluster'));
  expect(verdict.witness).toBe('measured');
});

test('no master known at all: unknown', () => {
  const blind = healthyWorld();
  for (const id of [
    'kube.nodes',
    'kube.control-plane-pods',
    'kube.endpoints',
    'etcd.members',
    'etcd.client-port',
    'lb.tries',
    'api.ready',
  ] as const)
    blind.missing(id);
  expect(blind.verdict(rule, 'cluster').status).toBe('unknown');
});

test('a balancer of its own that refuses is not explained by its backends', () => {
  const world = entryFails(silent(healthyWorld(), 'refused'), 'closed');
  const cause = asFail(world.verdict(rule, 'cluster'));
  const effect = (reason: string) => ({ ...cause, rule: 'api-lb-unreachable' as const, reason });
  expect(['closed', 'not-ready', 'dns', 'refused'].map((reason) => gateOf(rule, world, cause, effect(reason))[0])).toEqual([
    'yes',
    'yes',
    'no',
    'no',
  ]);
  expect(gateOf(rule, world.missing('lb.stats'), cause, effect('refused'))).toEqual(['unknown']);
});
