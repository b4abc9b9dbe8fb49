import { expect, test } from 'vitest';
import rule from '../../../rules/etcd/etcd-quorum-lost.ts';
import { answered, asFail, etcdStatus, failedTries, failure, healthyWorld, type World } from '../../kit/world.ts';

function stop(world: World, node: string): World {
  const refused = failure('refused');
  return world
    .set('etcd.client-port', node, { outcome: refused, chain: [] })
    .set('etcd.status', node, refused)
    .set('etcd.metrics', node, refused)
    .set('etcd.health', node, refused);
}

function leaderless(world: World, node: string): World {
  return world
    .set('etcd.status', node, (old) => {
      if (old.kind !== 'answered') throw new Error('no status to change');
      const { leaderId: _gone, ...rest } = old;
      return { ...rest, errors: ['etcdserver: no leader'] };
    })
    .set('etcd.metrics', node, (old) => (old.kind === 'answered' ? { ...old, hasLeader: false } : old));
}

test('three voters with a leader pass', () => {
  expect(healthyWorld().verdict(rule, 'cluster').status).toBe('pass');
});

test('one voter down leaves a quorum', () => {
  expect(stop(healthyWorld(), 'm2').verdict(rule, 'cluster').status).toBe('pass');
});

test('two voters refused and the third without a leader: lost, and it says so itself', () => {
  const verdict = asFail(leaderless(stop(stop(healthyWorld(), 'm2'), 'm3'), 'm1').verdict(rule, 'cluster'));
  expect(verdict.witness).toBe('stated');
  expect(verdict.facts).toMatchObject({ alive: 1, voters: 3, quorum: 2, down: 'm2, m3' });
});

test('derived: no voter answers and the API servers miss their etcd', () => {
  const world = ['m1', 'm2', 'm3'].reduce((one, node) => stop(one, node), healthyWorld());
  world.set('api.ready', 'm1', { tries: [answered('m1', 500, '[-]etcd failed: reason withheld\n')] });
  for (const node of ['m2', 'm3']) world.set('api.ready', node, { tries: failedTries(node, 'hung') });
  expect(asFail(world.verdict(rule, 'cluster')).witness).toBe('agreed');
});

test('no voter answers us but every API server is ready: our path, not theirs', () => {
  const world = ['m1', 'm2', 'm3'].reduce((one, node) => stop(one, node), healthyWorld());
  expect(world.verdict(rule, 'cluster').status).toBe('unknown');
});

test('a voter that never started counts against the quorum', () => {
  const ghost = { id: 'feed', name: '', peerUrls: ['https://10.89.0.14:2380'], clientUrls: [], learner: false };
  const world = leaderless(leaderless(stop(healthyWorld(), 'm3'), 'm1'), 'm2');
  for (const node of ['m1', 'm2']) world.set('etcd.members', node, (old) => (old.kind === 'answered' ? { ...old, members: [...old.members, ghost] } : old));
  expect(asFail(world.verdict(rule, 'cluster')).facts).toMatchObject({ alive: 2, voters: 4, quorum: 3 });
});

test('voters nobody could ask make it unknown, never lost', () => {
  const world = healthyWorld();
  for (const id of ['etcd.status', 'etcd.metrics', 'etcd.health', 'etcd.client-port'] as const) world.missing(id);
  const verdict = world.verdict(rule, 'cluster');
  expect(verdict.status).toBe('unknown');
  expect(world.set('etcd.status', 'm1', etcdStatusOf()).verdict(rule, 'cluster').status).toBe('pass');
});

function etcdStatusOf() {
  const old = healthyWorld().evidence.items.find((item) => item.id === 'etcd.status' && item.state === 'known');
  if (old?.state !== 'known' || old.id !== 'etcd.status') throw new Error('the healthy world has a status');
  return etcdStatus({})(old.value);
}
