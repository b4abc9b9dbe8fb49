import { expect, test } from 'vitest';
import rule from '../../../rules/etcd/etcd-no-fault-margin.ts';
import { answered, failedTries } from '../../kit/world.ts';
import {
  addGhost,
  asFail,
  changeMetrics,
  changeStatus,
  countedInVain,
  expectTextsFilled,
  fixesOf,
  healthyWorld,
  ids,
  isolate,
  knocksOnly,
  loseLeader,
  names,
  silence,
  type World,
  withoutCertificate,
} from './kit.ts';

const supports = (world: World) => asFail(world.verdict(rule, 'cluster')).supports?.map(({ name, state }) => `${name} ${state}`);

test('three working voters can lose one', () => {
  expect(healthyWorld().verdict(rule, 'cluster').status).toBe('pass');
  expect(withoutCertificate(healthyWorld()).verdict(rule, 'cluster').status).toBe('pass');
});

test('one voter down: the quorum holds with none to spare', () => {
  const world = silence(healthyWorld(), 'm2');
  const verdict = asFail(world.verdict(rule, 'cluster'));
  expect([verdict.severity, verdict.impact]).toEqual(['warning', 'at-risk']);
  expect(verdict.facts).toMatchObject({ usable: 2, voters: 3, quorum: 2 });
  expect(supports(world)).toEqual(['m1 good', 'm2 lost', 'm3 good']);
  expectTextsFilled(rule, verdict);
  fixesOf(world, rule, verdict);
});

test('a voter cut off from the leader is of no use to the quorum', () => {
  expect(supports(isolate(healthyWorld(), 'm3'))).toEqual(['m1 good', 'm2 good', 'm3 lost']);
});

test('a fourth voter that never started takes the margin away', () => {
  expect(supports(addGhost(healthyWorld()))).toContain('10.89.0.14 lost');
});

test('an unstarted learner takes nothing away', () => {
  expect(addGhost(healthyWorld(), { learner: true }).verdict(rule, 'cluster').status).toBe('pass');
});

test('a fourth member only told of by counters may be a voter: unknown', () => {
  expect(withoutCertificate(addGhost(healthyWorld())).verdict(rule, 'cluster').status).toBe('unknown');
});

test('a third voter that only counters know, and no node runs, is none to spare', () => {
  const world = countedInVain(healthyWorld());
  const verdict = asFail(world.verdict(rule, 'cluster'));
  expect(verdict.facts).toMatchObject({ usable: 2, voters: 3, quorum: 2, missing: ids.m3 });
  expect(supports(world)).toEqual(['m1 good', 'm2 good', `${ids.m3} lost`]);
  expectTextsFilled(rule, verdict);
  expect(fixesOf(world, rule, verdict).flatMap(({ run }) => run)[0]).toMatch(/kubectl .* etcdctl .* member list -w table/);
  changeMetrics(world, 'm1', { activePeers: { [ids.m2]: 1, [ids.m3]: 2 } });
  expect(world.verdict(rule, 'cluster').status).not.toBe('fail');
});

test('open ports alone do not tell how many members there are', () => {
  expect(knocksOnly(healthyWorld()).verdict(rule, 'cluster').status).toBe('unknown');
  const down = knocksOnly(silence(healthyWorld(), 'm2')).set('api.ready', 'm2', { tries: failedTries('m2', 'hung') });
  expect(down.verdict(rule, 'cluster').status).toBe('fail');
});

test('a voter silent to us alone, by the word of the load balancer, leaves it open', () => {
  const world = silence(healthyWorld(), 'm2', 'timeout').set('api.ready', 'm2', { tries: failedTries('m2', 'timeout') });
  for (const node of ['m1', 'm3'] as const) changeMetrics(world, node, { activePeers: { [ids.m2]: 1 } });
  expect(world.verdict(rule, 'cluster').status).toBe('unknown');
  const others = { tries: [answered('m1', 200, 'ok'), answered('m3', 200, 'ok')] };
  expect(world.set('lb.tries', undefined, others).missing('lb.stats').verdict(rule, 'cluster').status).toBe('fail');
});

test('a voter nobody could ask leaves it open', () => {
  const world = healthyWorld();
  for (const id of ['etcd.status', 'etcd.metrics', 'etcd.health', 'etcd.client-port'] as const) world.missing(id, 'm2');
  expect(world.verdict(rule, 'cluster').status).toBe('unknown');
});

test('without a leader or a quorum there is no margin either; what is worse folds it', () => {
  expect(names.reduce((world, node) => loseLeader(world, node), healthyWorld()).verdict(rule, 'cluster').status).toBe('fail');
  expect(silence(silence(healthyWorld(), 'm2'), 'm3').verdict(rule, 'cluster').status).toBe('fail');
});

test('one or two voters never have a margin', () => {
  const world = healthyWorld();
  for (const node of names)
    world.set('etcd.members', node, (old) => (old.kind === 'answered' ? { ...old, members: old.members.slice(0, 2) } : old));
  expect(world.verdict(rule, 'cluster').status).toBe('not-applicable');
});

test('it folds nothing', () => {
  expect(rule.explains.map((edge) => edge.kind)).not.toContain('causes');
  expect(changeStatus(healthyWorld(), 'm1', (old) => old).verdict(rule, 'cluster').status).toBe('pass');
});

test('where only the load balancer answers us, a kubelet that others miss says nothing about a voter', () => {
  const world = healthyWorld();
  for (const node of names) {
    silence(world, node, 'timeout').set('api.ready', node, { tries: failedTries(node, 'timeout') });
    world.set('node.kubelet-port', node, { outcome: { kind: 'failed', why: 'timeout', detail: '' }, chain: [] });
  }
  world.set('kube.nodes', undefined, (old) => ({
    ...old,
    nodes: old.nodes.map((node) => (node.name === 'm2' ? { ...node, ready: 'Unknown' as const } : node)),
  }));
  expect(world.verdict(rule, 'cluster').status).toBe('unknown');
});
