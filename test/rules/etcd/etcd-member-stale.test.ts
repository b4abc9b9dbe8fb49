// Does etcd-member-stale tell a member whose node is gone from one that is merely down?
import { expect, test } from 'vitest';
import rule from '../../../rules/etcd/etcd-member-stale.ts';
import { withoutNode } from '../../kit/etcd-worlds.ts';
import {
  addGhost,
  asFail,
  changeMetrics,
  countedInVain,
  expectTextsFilled,
  fixesOf,
  healthyWorld,
  ids,
  silence,
  statuses,
  withoutCertificate,
} from './kit.ts';

test('members on nodes pass, also one that is down', () => {
  expect(statuses(healthyWorld(), rule)).toEqual(['pass', 'pass', 'pass']);
  expect(silence(healthyWorld(), 'm2').verdict(rule, 'm2').status).toBe('pass');
  expect(statuses(addGhost(healthyWorld()), rule)).not.toContain('fail');
});

test('one whose node is gone fails, critical where no voter is left to spare', () => {
  const verdict = asFail(withoutNode(healthyWorld()).verdict(rule, 'm3'));
  expect([verdict.reason, verdict.severity, verdict.facts['id']]).toEqual(['no-node', 'critical', ids.m3]);
  expectTextsFilled(rule, verdict);
});

test('a node of its name with another address is another matter', () => {
  const world = withoutNode(healthyWorld());
  world.set('kube.nodes', undefined, (old) => ({
    ...old,
    nodes: old.nodes.flatMap((node) => (node.name === 'm2' ? [node, { ...node, name: 'm3', internalAddresses: ['10.89.0.33'] }] : [node])),
  }));
  const verdict = asFail(world.verdict(rule, 'm3'));
  expect(verdict.reason).toBe('other-address');
  expect(fixesOf(world, rule, verdict)[0]?.do).toContain('give m3 its address 10.89.0.13 back');
  expect(String(verdict.facts['words'])).toContain('10.89.0.33');
});

test('one that still answers is not gone', () => {
  const world = healthyWorld().set('kube.nodes', undefined, (old) => ({ ...old, nodes: old.nodes.filter(({ name }) => name !== 'm3') }));
  expect(world.verdict(rule, 'm3').status).toBe('pass');
});

test('without nodes, or without the list of members, nobody can say', () => {
  expect(withoutNode(healthyWorld()).missing('kube.nodes').verdict(rule, 'm3').status).toBe('unknown');
  // The address of a member that no list names is known from a flag of the user only.
  const world = withoutCertificate(withoutNode(healthyWorld()));
  world.set('operator.hints', undefined, { masters: [], members: [{ address: '10.89.0.13:2379', from: 'flag' }] });
  expect(world.verdict(rule, '10.89.0.13:2379').status).toBe('unknown');
});

test('one that only the counters of others know, without a connection, may have left or never come', () => {
  const world = countedInVain(healthyWorld());
  expect(world.verdict(rule, ids.m3)).toMatchObject({ status: 'unknown', subject: { keys: { member: ids.m3 } } });
  changeMetrics(world, 'm1', { activePeers: { [ids.m2]: 1, [ids.m3]: 2 } });
  expect(world.judge(rule).map(({ subject }) => subject.name)).toEqual(['m1', 'm2']);
});

test('an external etcd has no nodes', () => {
  const world = healthyWorld().set('kube.kubeadm-config', undefined, (old) => ({ ...old, externalEtcd: ['https://10.89.0.31:2379'] }));
  expect(new Set(statuses(world, rule))).toEqual(new Set(['not-applicable']));
});

test('it is taken out only when those who stay keep a quorum, and after a snapshot', () => {
  const world = withoutNode(healthyWorld());
  const fixes = fixesOf(world, rule, asFail(world.verdict(rule, 'm3')));
  const runs = fixes.flatMap((fix) => fix.run);
  const removal = runs.findIndex((line) => line.includes(`member remove ${ids.m3}`));
  expect(removal).toBeGreaterThan(runs.findIndex((line) => line.includes('snapshot save')));
  expect(fixes.find((fix) => fix.run[0]?.includes('member remove'))?.needs[0]).toMatchObject({ met: 'yes' });
  const lost = silence(withoutNode(healthyWorld()), 'm2');
  expect(
    fixesOf(lost, rule, asFail(lost.verdict(rule, 'm3')))
      .flatMap((fix) => fix.run)
      .some((line) => line.includes('member remove')),
  ).toBe(false);
});
