import { expect, test } from 'vitest';
import rule from '../../../rules/etcd/etcd-leader-disagreement.ts';
import type { EtcdStatus } from '../../../src/model/etcd.ts';
import {
  asFail,
  changeMetrics,
  changeStatus,
  expectTextsFilled,
  fixesOf,
  healthyWorld,
  ids,
  isolate,
  knocksOnly,
  loseLeader,
  type Name,
  names,
  silence,
  type World,
  withoutCertificate,
} from './kit.ts';

const change = (world: World, node: Name, part: Partial<EtcdStatus>) => changeStatus(world, node, (old) => ({ ...old, ...part }));

function again(world: World): World {
  for (const node of names) {
    const item = world.evidence.items.find((one) => one.id === 'etcd.status' && one.subject.name === node);
    if (item?.state === 'known' && item.id === 'etcd.status') world.again('etcd.status', node, item.value);
  }
  return world;
}

test('one leader and one term pass', () => {
  expect(healthyWorld().verdict(rule, 'cluster').status).toBe('pass');
});

test('two leaders in one term cannot be one raft group', () => {
  const world = change(healthyWorld(), 'm3', { leaderId: ids.m3 });
  const verdict = asFail(world.verdict(rule, 'cluster'));
  expect([verdict.reason, verdict.severity, verdict.witness]).toEqual(['same-term', 'critical', 'stated']);
  expect(verdict.supports?.map(({ name, state }) => `${name} ${state}`)).toEqual(['m1 good', 'm2 good', 'm3 lost']);
  expectTextsFilled(rule, verdict);
  fixesOf(world, rule, verdict);
});

test('different cluster ids are said', () => {
  const world = change(healthyWorld(), 'm3', { leaderId: ids.m3, clusterId: 'beef' });
  expect(asFail(world.verdict(rule, 'cluster')).facts['words']).toBe('they belong to 2 different clusters');
});

test('terms that differ in one look may be an election; in every look they are a warning', () => {
  const world = change(healthyWorld(), 'm3', { leaderId: ids.m2, term: '5' });
  const once = world.verdict(rule, 'cluster');
  expect(once.status === 'unknown' && once.gaps[0]?.howToGet).toBe('--deep');
  const twice = asFail(again(world).verdict(rule, 'cluster'));
  expect([twice.reason, twice.severity]).toEqual(['terms', 'warning']);
  expectTextsFilled(rule, twice);
});

test('a spread that has settled passes', () => {
  const world = again(healthyWorld());
  change(world, 'm3', {});
  const settled = healthyWorld();
  for (const node of names) settled.again('etcd.status', node, { kind: 'failed', why: 'timeout', detail: 'x' });
  expect(world.verdict(rule, 'cluster').status).toBe('pass');
  expect(settled.verdict(rule, 'cluster').status).toBe('pass');
});

test('a member that lost its peers names nobody, and that is no disagreement', () => {
  expect(isolate(healthyWorld(), 'm3').verdict(rule, 'cluster').status).toBe('pass');
  expect(names.reduce((world, node) => loseLeader(world, node), healthyWorld()).verdict(rule, 'cluster').status).toBe('not-applicable');
});

test('a leader that was handed over just before the look is one leader in one term', () => {
  const world = names.reduce((one, node) => change(one, node, { leaderId: ids.m2, term: '5' }), healthyWorld());
  expect(world.verdict(rule, 'cluster').status).toBe('pass');
});

test('without a certificate exactly one member must call itself leader', () => {
  const world = () => withoutCertificate(healthyWorld());
  expect(world().verdict(rule, 'cluster').status).toBe('pass');
  const two = asFail(changeMetrics(world(), 'm3', { isLeader: true }).verdict(rule, 'cluster'));
  expect([two.reason, two.severity, two.witness]).toEqual(['two-leaders', 'warning', 'measured']);
  expectTextsFilled(rule, two);
  expect(changeMetrics(world(), 'm1', { isLeader: false }).verdict(rule, 'cluster').status).toBe('unknown');
  expect(world().missing('etcd.metrics', 'm1').verdict(rule, 'cluster').status).toBe('unknown');
});

test('fewer than two answers: unknown', () => {
  expect(silence(silence(healthyWorld(), 'm2'), 'm3').verdict(rule, 'cluster').status).toBe('unknown');
  expect(knocksOnly(healthyWorld()).verdict(rule, 'cluster').status).toBe('unknown');
});
