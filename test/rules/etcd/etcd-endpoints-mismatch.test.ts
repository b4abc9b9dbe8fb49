// Does etcd-endpoints-mismatch tell a wrong --etcd-servers from one that suits its cluster?
import { expect, test } from 'vitest';
import drift from '../../../rules/apiserver/api-flag-drift.ts';
import rule from '../../../rules/etcd/etcd-endpoints-mismatch.ts';
import { learning, withFlags, withoutNode } from '../../kit/etcd-worlds.ts';
import { gateOf } from '../../kit/texts.ts';
import { asFail, expectTextsFilled, fixesOf, healthyWorld, now, silence, statuses, type World } from './kit.ts';

function asks(servers: string, world = healthyWorld()): World {
  return withFlags(world, 'kube-apiserver', 'm2', `--etcd-servers=${servers}`);
}

function external(world: World): World {
  return world.set('kube.kubeadm-config', undefined, (old) => ({ ...old, externalEtcd: ['https://10.89.0.11:2379'] }));
}

test('its own member beside it, or all of them, pass', () => {
  expect(statuses(healthyWorld(), rule)).toEqual(['pass', 'pass', 'pass']);
  expect(asks('https://10.89.0.11:2379,https://10.89.0.12:2379,https://10.89.0.13:2379').verdict(rule, 'm2').status).toBe('pass');
});

test('a local member that is down is that member’s fault', () => {
  expect(silence(healthyWorld(), 'm2').verdict(rule, 'm2').status).toBe('pass');
});

test.each([
  ['https://10.89.0.99:2379', 'none', 'critical'],
  ['https://127.0.0.1:2399', 'none', 'critical'],
  ['https://127.0.0.1:2379,https://10.89.0.99:2379', 'stranger', 'warning'],
] as const)('%s: %s, %s', (servers, reason, severity) => {
  const world = asks(servers);
  const verdict = asFail(world.verdict(rule, 'm2'));
  expect([verdict.reason, verdict.severity, verdict.witness]).toEqual([reason, severity, 'stated']);
  expectTextsFilled(rule, verdict);
  expect(String(fixesOf(world, rule, verdict)[0]?.do)).toContain('--etcd-servers=https://127.0.0.1:2379;');
});

test('that masters differ in this flag follows from it; that they differ in others does not', () => {
  const world = asks('https://127.0.0.1:2379,https://10.89.0.99:2379');
  const gate = (one: World): readonly unknown[] =>
    gateOf(rule, one, asFail(one.verdict(rule, 'm2')), asFail(one.verdict(drift, 'kube-apiserver')));
  expect(gate(world)).toEqual(['yes']);
  expect(gate(withFlags(world, 'kube-apiserver', 'm2', '--feature-gates=A=true'))).toEqual(['no']);
});

test('an address only a flag names is no member of a stacked etcd, whoever is asked', () => {
  const world = asks('https://10.89.0.99:2379').missing('etcd.members').missing('etcd.status');
  expect(world.topology.members.map(({ host }) => host)).not.toContain('10.89.0.99');
  expect(asFail(world.verdict(rule, 'm2')).reason).toBe('none');
});

test('a learner answers no reads', () => {
  const world = asks('https://10.89.0.12:2379,https://10.89.0.13:2379', learning(healthyWorld(), 7200));
  expect(asFail(world.verdict(rule, 'm2')).reason).toBe('learner');
});

test('a list that is as it should be is not to be replaced by itself', () => {
  const world = asks('https://127.0.0.1:2379', learning(healthyWorld(), 30));
  for (const node of ['m2', 'm3']) {
    const verdict = world.verdict(rule, node);
    if (verdict.status !== 'fail') continue;
    expect(verdict.reason).toBe('learner');
    const [fix] = fixesOf(world, rule, verdict);
    expect(String(fix?.do)).toContain('has to become a voter');
    expect(fix?.run.join('\n')).not.toContain('--etcd-servers');
  }
  expect(world.judge(rule).some(({ status }) => status === 'fail')).toBe(true);
});

test('a member among several that is down is named, and is what a gone node leaves behind', () => {
  const world = asks('https://10.89.0.12:2379,https://10.89.0.13:2379', withoutNode(healthyWorld()));
  const verdict = asFail(world.verdict(rule, 'm2'));
  expect(verdict.reason).toBe('down');
  expect(verdict.supports?.find(({ state }) => state === 'lost')?.name).toBe('m3');
});

test('an external etcd: few endpoints, one name, members that advertise their own loopback', () => {
  expect(asFail(external(asks('https://10.89.0.11:2379')).verdict(rule, 'm2')).reason).toBe('few');
  const named = external(asks('https://etcd-cluster:2379'));
  expect(asFail(named.verdict(rule, 'm2'))).toMatchObject({ reason: 'single-name', severity: 'info' });
  const all = 'https://10.89.0.11:2379,https://10.89.0.12:2379,https://10.89.0.13:2379';
  expect(external(asks(all)).verdict(rule, 'm2').status).toBe('pass');
});

test('only where no address is right does the API server fail for it', () => {
  const gates = (servers: string) => {
    const world = asks(servers);
    const cause = asFail(world.verdict(rule, 'm2'));
    return gateOf(rule, world, cause, { ...cause, rule: 'api-master-unreachable' });
  };
  expect(gates('https://10.89.0.99:2379')).toEqual(['yes']);
  expect(gates('https://127.0.0.1:2379,https://10.89.0.99:2379')).toEqual(['no']);
});

test('a command line that cannot be seen, or that may be old, is unknown', () => {
  expect(statuses(healthyWorld().missing('kube.control-plane-pods'), rule)).toContain('unknown');
  const old = healthyWorld().set('kube.node-leases', undefined, (leases) => ({
    ...leases,
    leases: leases.leases.map((one) => (one.name === 'm2' ? { ...one, renewedAt: now - 600_000 } : one)),
  }));
  expect(statuses(old, rule)).toEqual(['pass', 'unknown', 'pass']);
});
