import { expect, test } from 'vitest';
import rule from '../../../rules/etcd/etcd-member-count.ts';
import type { EtcdMember } from '../../../src/model/etcd.ts';
import { addGhost, asFail, expectTextsFilled, fixesOf, healthyWorld, ids, knocksOnly, names, withoutCertificate } from './kit.ts';

function withVoters(count: number, learners = 0) {
  const world = healthyWorld();
  const member = (index: number): EtcdMember => ({
    id: (index + 16).toString(16),
    name: `e${index}`,
    peerUrls: [`https://10.89.1.${index}:2380`],
    clientUrls: [`https://10.89.1.${index}:2379`],
    learner: index > count,
  });
  const members = Array.from({ length: count + learners }, (_, index) => member(index + 1));
  for (const node of names) world.set('etcd.members', node, (old) => (old.kind === 'answered' ? { ...old, members } : old));
  return world;
}

test.each([3, 5, 7])('%i voters are a good number', (count) => {
  expect(withVoters(count).verdict(rule, 'cluster').status).toBe('pass');
});

test.each([
  [1, 'few', 'warning'],
  [2, 'few', 'warning'],
  [4, 'even', 'warning'],
  [6, 'even', 'warning'],
  [8, 'even', 'warning'],
  [9, 'many', 'info'],
] as const)('%i voters beside three masters: %s, %s', (count, reason, severity) => {
  const world = withVoters(count);
  const verdict = asFail(world.verdict(rule, 'cluster'));
  expect([verdict.reason, verdict.severity, verdict.witness]).toEqual([reason, severity, 'stated']);
  expectTextsFilled(rule, verdict);
  fixesOf(world, rule, verdict);
});

test('a single master with a single member is a choice, and no more than a note', () => {
  const world = withVoters(1).set('kube.nodes', undefined, (old) => ({
    ...old,
    nodes: old.nodes.filter((node) => !['m2', 'm3'].includes(node.name)),
  }));
  world.set('kube.control-plane-pods', undefined, (old) => ({ ...old, pods: old.pods.filter((pod) => pod.node === 'm1') }));
  world.set('kube.endpoints', undefined, { addresses: ['10.89.0.11:6443'] });
  const verdict = asFail(world.verdict(rule, 'cluster'));
  expect([verdict.reason, verdict.severity]).toEqual(['single', 'info']);
});

test('a learner is no voter', () => {
  expect(withVoters(3, 1).verdict(rule, 'cluster').status).toBe('pass');
});

test('without a certificate the counters show a fourth member', () => {
  const verdict = asFail(withoutCertificate(addGhost(healthyWorld())).verdict(rule, 'cluster'));
  expect([verdict.reason, verdict.witness, verdict.facts['voters']]).toEqual(['even', 'measured', 4]);
  expect(verdict.supports?.find(({ state }) => state === 'unknown')?.keys).toEqual({ member: '77feed0000000077' });
  expectTextsFilled(rule, verdict);
});

test('with the list the never-started voter is what makes the number even', () => {
  const verdict = asFail(addGhost(healthyWorld()).verdict(rule, 'cluster'));
  expect(verdict.supports?.filter(({ state }) => state === 'lost').map(({ keys }) => keys.member)).toEqual(['77feed0000000077']);
});

test('counters count the member itself once, whether or not they name it', () => {
  const world = withoutCertificate(healthyWorld());
  expect(world.verdict(rule, 'cluster').status).toBe('pass');
  for (const node of names)
    world.set('etcd.metrics', node, (old) => (old.kind === 'answered' ? { ...old, knownPeers: Object.values(ids) } : old));
  expect(world.verdict(rule, 'cluster').status).toBe('pass');
});

test('nobody told how many there are: unknown', () => {
  expect(knocksOnly(healthyWorld()).verdict(rule, 'cluster').status).toBe('unknown');
});
