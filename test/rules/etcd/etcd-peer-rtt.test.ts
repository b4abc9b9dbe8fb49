// Does etcd-peer-rtt judge the way between members, by all probes and by the latest?
import { expect, test } from 'vitest';
import rule from '../../../rules/etcd/etcd-peer-rtt.ts';
import { viewOf } from '../../../src/judge/judge.ts';
import { fast } from '../../kit/healthy.ts';
import { countersOf, farAway, lookAgain, plus, withFlags } from '../../kit/slow.ts';
import { asFail, expectTextsFilled, fixesOf, healthyWorld, ids, knocksOnly } from './kit.ts';

test.each([
  [0.002, 'pass', undefined],
  [0.02, 'fail', 'info'],
  [0.2, 'fail', 'warning'],
] as const)('round trips of %d s: %s %s', (seconds, status, severity) => {
  const verdict = farAway(seconds).verdict(rule, 'm2');
  expect([verdict.status, verdict.status === 'fail' ? verdict.severity : undefined]).toEqual([status, severity]);
});

test('a distance that the timers were made for is only a warning, and starts no elections', () => {
  const flags = ['--heartbeat-interval=300', '--election-timeout=3000'];
  const world = withFlags(farAway(0.2), 'etcd', flags);
  const verdict = asFail(world.verdict(rule, 'm2'));
  expect([verdict.severity, verdict.reason]).toEqual(['warning', 'slow']);
  const edge = rule.explains.find((one) => one.to === 'etcd-leader-changes');
  const gate = (one: typeof world) =>
    edge?.when?.({ cause: asFail(one.verdict(rule, 'm2')), effect: verdict }, viewOf(one.evidence, one.topology));
  expect([gate(world), gate(farAway(0.2))]).toEqual(['no', 'yes']);
  expect(gate(withFlags(farAway(0.2), 'etcd', ['--config-file=/etc/etcd.conf']))).toBe('unknown');
});

test('what was counted before a stream was lost tells nothing about now', () => {
  const world = farAway(0.2);
  world.set('etcd.metrics', 'm2', { ...countersOf(world, 'm2'), activePeers: { [ids.m1]: 0, [ids.m3]: 0 } });
  expect(world.verdict(rule, 'm2').status).toBe('not-applicable');
});

test('it is critical once it has cost an election', () => {
  const verdict = asFail(lookAgain(farAway(0.2), 'm2', (old) => ({ leaderChanges: old.leaderChanges + 1 })).verdict(rule, 'm2'));
  expect([verdict.severity, verdict.impact, verdict.reason]).toEqual(['critical', 'degraded', 'too-slow-for-elections']);
});

test('a process of weeks that the distance is new to', () => {
  const world = farAway(0.001, 100_000);
  const far = (old: ReturnType<typeof countersOf>, count: number) => ({
    peerRoundTrip: Object.fromEntries(Object.entries(old.peerRoundTrip ?? {}).map(([peer, one]) => [peer, plus(one, count, 0.2)])),
  });
  const since = world.set('etcd.metrics', 'm2', { ...countersOf(world, 'm2'), ...far(countersOf(world, 'm2'), 4) });
  expect(since.verdict(rule, 'm2').status).toBe('pass');
  lookAgain(since, 'm2', (old) => far({ kind: 'answered', ...old }, 1));
  expect(since.verdict(rule, 'm2').status).toBe('fail');
});

test('a distance that is gone: the latest probes are quick', () => {
  const world = farAway(0.2);
  lookAgain(world, 'm2', (old) => ({
    peerRoundTrip: Object.fromEntries(Object.entries(old.peerRoundTrip ?? {}).map(([peer, one]) => [peer, plus(one, 1, 0.001)])),
  }));
  expect(world.verdict(rule, 'm2').status).toBe('pass');
});

test('slow only while it started, or now and then, is no distance, and worth a second look', () => {
  const world = healthyWorld();
  const mixed = (slow: number) => ({ [ids.m1]: plus(fast(80), slow, 0.2), [ids.m3]: fast(80) });
  const at = (slow: number) =>
    world.set('etcd.metrics', 'm2', { ...countersOf(world, 'm2'), peerRoundTrip: mixed(slow) }).verdict(rule, 'm2');
  expect([at(0).status, at(80).status, at(81).status]).toEqual(['pass', 'unknown', 'fail']);
  const verdict = at(80);
  expect(verdict.status === 'unknown' && verdict.secondLook).toBe('urged');
});

test('the first probes of a process tell about its start: neither slow nor quick, until more are seen', () => {
  const young = farAway(0.2, 10);
  expect(young.verdict(rule, 'm2')).toMatchObject({ status: 'unknown' });
  lookAgain(young, 'm2', (old) => ({
    peerRoundTrip: Object.fromEntries(Object.entries(old.peerRoundTrip ?? {}).map(([peer, one]) => [peer, plus(one, 3, 0.2)])),
  }));
  expect(young.verdict(rule, 'm2').status).toBe('fail');
});

test('it names the peers and the times', () => {
  const world = farAway(0.2);
  const verdict = asFail(world.verdict(rule, 'm2'));
  expect(verdict.facts['peers']).toBe('m1, m3');
  expect(verdict.facts['pairs']).toContainEqual(expect.objectContaining({ peer: 'm1', slow: 80, count: 80, bound: '100 ms' }));
  expectTextsFilled(rule, verdict);
  expect(fixesOf(world, rule, verdict)[0]?.run).toContain('ping -c 20 -i 0.2 10.89.0.11');
});

test('two probes tell nothing yet, none at all neither', () => {
  const world = healthyWorld();
  const few = { [ids.m1]: fast(2), [ids.m3]: fast(2) };
  expect(world.set('etcd.metrics', 'm2', { ...countersOf(world, 'm2'), peerRoundTrip: few }).verdict(rule, 'm2').status).toBe('unknown');
  const { peerRoundTrip: _none, ...rest } = countersOf(healthyWorld(), 'm2');
  expect(healthyWorld().set('etcd.metrics', 'm2', rest).verdict(rule, 'm2').status).toBe('unknown');
  expect(knocksOnly(farAway(0.2)).verdict(rule, 'm2').status).toBe('unknown');
});
