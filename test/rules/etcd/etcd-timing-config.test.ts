// Does etcd-timing-config see timers that differ, that etcd refuses, or that do not fit the network?
import { expect, test } from 'vitest';
import rule from '../../../rules/etcd/etcd-timing-config.ts';
import { farAway, withFlags } from '../../kit/slow.ts';
import { asFail, expectTextsFilled, fixesOf, healthyWorld } from './kit.ts';

const timers = (heartbeat: number, election: number) => [`--heartbeat-interval=${heartbeat}`, `--election-timeout=${election}`];

test('defaults, and other values that all share, pass', () => {
  expect(healthyWorld().verdict(rule, 'cluster').status).toBe('pass');
  const verdict = withFlags(healthyWorld(), 'etcd', timers(300, 3000)).verdict(rule, 'cluster');
  expect(verdict.status === 'pass' && verdict.facts).toEqual({ heartbeat: 300, election: 3000 });
});

test('one member that differs is named, and gets what the others have', () => {
  const world = withFlags(healthyWorld(), 'etcd', ['--election-timeout=5000'], 'm2');
  const verdict = asFail(world.verdict(rule, 'cluster'));
  expect([verdict.reason, String(verdict.facts['words']), verdict.witness]).toEqual(['unequal', 'differ: m2 from the others', 'stated']);
  expect(verdict.supports?.map((one) => `${one.name} ${one.state}`)).toEqual(['m1 good', 'm2 lost', 'm3 good']);
  expectTextsFilled(rule, verdict);
  const fixes = fixesOf(world, rule, verdict);
  expect(fixes.map((fix) => fix.where)).toEqual(['m2']);
  expect(fixes[0]?.run.join()).not.toContain('interval=');
  expect(fixes[0]?.needs[0]?.met).toBe('yes');
});

test('a timer set by a variable counts as one set by a flag', () => {
  const world = healthyWorld().set('kube.control-plane-pods', undefined, (old) => ({
    ...old,
    pods: old.pods.map((pod) => ({
      ...pod,
      containers: pod.containers.map((one) => ({ ...one, ...(pod.name === 'etcd-m2' && { environment: ['ETCD_ELECTION_TIMEOUT=5000'] }) })),
    })),
  }));
  expect(String(asFail(world.verdict(rule, 'cluster')).facts['words'])).toBe('differ: m2 from the others');
});

test('a member left out of a change to all gets the new values', () => {
  const world = ['m1', 'm3'].reduce((sofar, node) => withFlags(sofar, 'etcd', timers(200, 2000), node as 'm1'), healthyWorld());
  const fixes = fixesOf(world, rule, asFail(world.verdict(rule, 'cluster')));
  expect(fixes.map((fix) => fix.where)).toEqual(['m2']);
  expect(fixes[0]?.run.join()).toContain('--heartbeat-interval=200');
});

test.each([
  [100, 499, 'fail'],
  [100, 500, 'pass'],
  [100, 50_000, 'pass'],
  [100, 50_001, 'fail'],
] as const)('%i and %i ms: %s', (heartbeat, election, status) => {
  const verdict = withFlags(healthyWorld(), 'etcd', timers(heartbeat, election)).verdict(rule, 'cluster');
  expect(verdict.status).toBe(status);
  if (verdict.status === 'fail') expect(verdict.reason).toBe('refused');
});

test('a network that is too slow for the timers, and timers that fit it', () => {
  const world = farAway(0.25);
  const verdict = asFail(world.verdict(rule, 'cluster'));
  expect(verdict.reason).toBe('tight');
  expectTextsFilled(rule, verdict);
  const fixes = fixesOf(world, rule, verdict);
  expect(fixes.map((fix) => fix.where)).toEqual(['m1', 'm2', 'm3']);
  expect(fixes[0]?.run.join()).toContain('--heartbeat-interval=300');
  expect(fixes[0]?.run.join()).toContain('--election-timeout=3000');
  expect(withFlags(farAway(0.25), 'etcd', timers(300, 3000)).verdict(rule, 'cluster').status).toBe('pass');
});

test('a command line that was not seen: unknown, unless the others differ already', () => {
  expect(healthyWorld().missing('kube.control-plane-pods').verdict(rule, 'cluster').status).toBe('unknown');
  const hidden = withFlags(healthyWorld(), 'etcd', ['--config-file=/etc/etcd.conf'], 'm3');
  expect(hidden.verdict(rule, 'cluster').status).toBe('unknown');
  expect(withFlags(hidden, 'etcd', ['--election-timeout=5000'], 'm2').verdict(rule, 'cluster').status).toBe('fail');
});
