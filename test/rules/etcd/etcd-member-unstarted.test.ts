import { expect, test } from 'vitest';
import rule from '../../../rules/etcd/etcd-member-unstarted.ts';
import { addGhost, asFail, expectTextsFilled, fixesOf, healthyWorld, knocksOnly, names, silence, withoutCertificate } from './kit.ts';

test('a list of started members passes', () => {
  expect(healthyWorld().verdict(rule, 'cluster').status).toBe('pass');
});

test('a listed voter without name and client URL fails, and the list states it', () => {
  const world = addGhost(healthyWorld());
  const verdict = asFail(world.verdict(rule, '10.89.0.14'));
  expect(verdict.witness).toBe('stated');
  expect(verdict.facts).toMatchObject({ id: '77feed0000000077', voters: 4, quorum: 3, address: 'https://10.89.0.14:2380' });
  expect(verdict.subject.keys.member).toBe('77feed0000000077');
  expectTextsFilled(rule, verdict);
});

test('an unstarted learner does not count', () => {
  expect(addGhost(healthyWorld(), { learner: true }).verdict(rule, 'cluster').status).toBe('pass');
});

test('one list is enough, the longest of them', () => {
  const world = addGhost(healthyWorld()).missing('etcd.members', 'm1');
  world.set('etcd.members', 'm2', (old) => (old.kind === 'answered' ? { ...old, members: old.members.slice(0, 3) } : old));
  expect(world.verdict(rule, '10.89.0.14').status).toBe('fail');
});

test('without a certificate it is unknown, and says what the counters tell', () => {
  const verdict = withoutCertificate(addGhost(healthyWorld())).verdict(rule, 'cluster');
  expect(verdict.status).toBe('unknown');
  expect(verdict.status === 'unknown' && verdict.gaps[0]?.detail).toContain('members count 4, 3 of them have an address');
  expect(knocksOnly(healthyWorld()).verdict(rule, 'cluster').status).toBe('unknown');
});

test('members that stay silent give no list: unknown', () => {
  expect(names.reduce((world, node) => silence(world, node), healthyWorld()).verdict(rule, 'cluster').status).toBe('unknown');
});

test('the removal names the id and is checked against the quorum', () => {
  const world = addGhost(healthyWorld());
  const [fix] = fixesOf(world, rule, asFail(world.verdict(rule, '10.89.0.14')));
  expect(fix?.run).toEqual(['etcdctl --endpoints https://10.89.0.11:2379 member remove 77feed0000000077']);
  expect(fix?.needs.map((need) => need.met)).toEqual(['yes', 'yes', 'unknown']);
});
