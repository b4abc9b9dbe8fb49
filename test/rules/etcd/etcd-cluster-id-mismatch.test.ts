// Does etcd-cluster-id-mismatch find the member that lives in a cluster of its own?
import { expect, test } from 'vitest';
import rule from '../../../rules/etcd/etcd-cluster-id-mismatch.ts';
import margin from '../../../rules/etcd/etcd-no-fault-margin.ts';
import down from '../../../rules/etcd/etcd-member-down.ts';
import requests from '../../../rules/etcd/etcd-requests-failing.ts';
import { changeStatusOf, inOwnCluster, ownCluster, ownId } from '../../kit/etcd-worlds.ts';
import { failure, type World } from '../../kit/world.ts';
import {
  asFail,
  changeMetrics,
  expectTextsFilled,
  fixesOf,
  healthyWorld,
  ids,
  knocksOnly,
  names,
  silence,
  statuses,
  withoutCertificate,
} from './kit.ts';

test('one cluster passes, by status, by lists alone, and by counters', () => {
  expect(statuses(healthyWorld(), rule)).toEqual(['pass', 'pass', 'pass']);
  expect(statuses(healthyWorld().missing('etcd.status').missing('etcd.metrics'), rule)).toEqual(['pass', 'pass', 'pass']);
  expect(statuses(withoutCertificate(healthyWorld()), rule)).toEqual(['pass', 'pass', 'pass']);
});

test('the odd member is named, and only it', () => {
  const world = inOwnCluster(healthyWorld());
  expect(statuses(world, rule)).toEqual(['pass', 'pass', 'fail']);
  const verdict = asFail(world.verdict(rule, 'm3'));
  expect([verdict.reason, verdict.witness]).toEqual(['minority', 'stated']);
  expect(verdict.facts).toMatchObject({ member: 'm3', cluster: ownCluster, others: 'm1, m2' });
  expectTextsFilled(rule, verdict);
});

test('it gives this cluster no vote, and is not called down', () => {
  const world = inOwnCluster(healthyWorld());
  expect(asFail(world.verdict(margin, 'cluster')).facts).toMatchObject({ usable: 2, missing: 'm3' });
  expect(world.verdict(down, 'm3').status).toBe('not-applicable');
});

test('with two against two nobody is right', () => {
  const world = silence(inOwnCluster(healthyWorld()), 'm1');
  expect(['m2', 'm3'].map((name) => asFail(world.verdict(rule, name)).reason)).toEqual(['no-majority', 'no-majority']);
  expect(world.verdict(rule, 'm1').status).toBe('not-applicable');
  const fixes = fixesOf(world, rule, asFail(world.verdict(rule, 'm2')), asFail(world.verdict(rule, 'm3')));
  expect(fixes.flatMap((fix) => fix.run).some((line) => line.includes('member remove'))).toBe(false);
});

test('without a certificate the counters give it away: it was told of nobody, and nobody of it', () => {
  const world = withoutCertificate(inOwnCluster(healthyWorld()));
  const verdict = asFail(world.verdict(rule, 'm3'));
  expect(verdict.witness).toBe('measured');
  expectTextsFilled(rule, verdict);
});

test('without a leader it may count on members who were never told of it: their list is the right one', () => {
  const waiting = (): World =>
    withoutCertificate(changeMetrics(healthyWorld(), 'm3', { memberId: ownId, hasLeader: false, isLeader: false }));
  expect(statuses(waiting(), rule)).toEqual(['pass', 'pass', 'fail']);
  // One that the others count on is only cut off from them.
  const cutOff = withoutCertificate(changeMetrics(healthyWorld(), 'm3', { hasLeader: false, isLeader: false, knownPeers: [] }));
  expect(statuses(cutOff, rule)).toEqual(['pass', 'pass', 'pass']);
  const nobodyLed = waiting();
  for (const node of ['m1', 'm2'] as const) changeMetrics(nobodyLed, node, { hasLeader: false, isLeader: false });
  expect(statuses(nobodyLed, rule)).toEqual(['unknown', 'unknown', 'unknown']);
});

test('one that waits for a quorum nobody gives it serves nobody: down because of that, copied and not snapshotted', () => {
  const world = inOwnCluster(healthyWorld()).set('etcd.client-port', 'm3', { outcome: failure('hung'), chain: [] });
  for (const id of ['etcd.status', 'etcd.health', 'etcd.read'] as const) world.set(id, 'm3', failure('hung'));
  expect(asFail(world.verdict(down, 'm3'))).toMatchObject({ reason: 'hung', facts: { words: 'accepts a connection, then says nothing' } });
  expect(world.verdict(requests, 'm3').status).toBe('not-applicable');
  const runs = fixesOf(world, rule, asFail(world.verdict(rule, 'm3'))).flatMap((fix) => fix.run);
  expect(runs).toContain('test -e /root/m3-aside || cp -aT /var/lib/etcd /root/m3-aside');
  expect(runs.filter((line) => line.includes('snapshot save'))).toHaveLength(1);
});

test('before 3.6 counters name only peers that were connected, which proves nothing', () => {
  const world = withoutCertificate(inOwnCluster(healthyWorld()));
  for (const node of names) changeMetrics(world, node, { version: '3.5.21' });
  expect(statuses(world, rule)).toEqual(['unknown', 'unknown', 'unknown']);
});

test('behind one address one meets one member all the time: that is no other cluster', () => {
  const world = changeStatusOf(healthyWorld(), 'm3', { memberId: ids.m1 });
  expect(world.verdict(rule, 'm3').status).not.toBe('fail');
});

test('one that cannot be asked is unknown, one that is silent is no matter of this', () => {
  expect(statuses(knocksOnly(healthyWorld()), rule)).toEqual(['unknown', 'unknown', 'unknown']);
  expect(silence(healthyWorld(), 'm2').verdict(rule, 'm2').status).toBe('not-applicable');
  const alone = silence(silence(healthyWorld(), 'm2'), 'm3');
  expect(alone.verdict(rule, 'm1').status).toBe('unknown');
});

test('the plan saves both before it takes the odd one out by the id the others know', () => {
  const world = inOwnCluster(healthyWorld());
  const runs = fixesOf(world, rule, asFail(world.verdict(rule, 'm3'))).flatMap((fix) => fix.run);
  const place = (text: string): number => runs.findIndex((line) => line.includes(text));
  expect(place('m1-aside.db')).toBeGreaterThan(-1);
  expect(place('m3-aside.db')).toBeGreaterThan(place('m1-aside.db'));
  expect(place(`member remove ${ids.m3}`)).toBeGreaterThan(place('m3-aside.db'));
});
