import { expect, test } from 'vitest';
import rule from '../../../rules/host/host-unreachable.ts';
import type { HaproxyRow } from '../../../src/model/balancer.ts';
import type { FailureClass } from '../../../src/model/network.ts';
import { fixesOf, shown, unfilled } from '../../kit/texts.ts';
import { answered, asFail, failedTries, failure, healthyWorld, now, type World } from '../../kit/world.ts';
import { behindEnvoy, failedCheck, timedOut } from '../loadbalancer/balancer.ts';

const serverNow = Math.floor(now / 1000) * 1000;

/** m2 as we meet it; nobody else has an opinion yet. */
function met(api: FailureClass, etcd: FailureClass, kubelet: FailureClass): World {
  return row(healthyWorld(), { status: 'DOWN 1/2', checkStatus: 'L7OK' })
    .set('api.ready', 'm2', { tries: failedTries('m2', api) })
    .set('etcd.client-port', 'm2', { outcome: failure(etcd), chain: [] })
    .set('node.kubelet-port', 'm2', { outcome: failure(kubelet), chain: [] });
}

function gone(): World {
  return met('timeout', 'timeout', 'timeout');
}

function row(world: World, change: Partial<HaproxyRow>): World {
  return world.set('lb.stats', undefined, (old) => ({ rows: old.rows.map((one) => (one.server === 'm2' ? { ...one, ...change } : one)) }));
}

function leaseAge(world: World, seconds: number): World {
  return world.set('kube.node-leases', undefined, (old) => ({
    ...old,
    leases: old.leases.map((lease) => (lease.name === 'm2' ? { ...lease, renewedAt: serverNow - seconds * 1000 } : lease)),
  }));
}

function peersLost(world: World, peer = 'a2c947be10d8f355'): World {
  return world.set('etcd.metrics', 'm1', (old) =>
    old.kind === 'answered' ? { ...old, activePeers: { ...old.activePeers, [peer]: 0 } } : old,
  );
}

test('the three masters of a healthy cluster pass; the worker is not asked about', () => {
  expect(
    healthyWorld()
      .judge(rule)
      .map((verdict) => `${verdict.subject.name} ${verdict.status}`),
  ).toEqual(['m1 pass', 'm2 pass', 'm3 pass']);
});

test.each([
  ['HAProxy calls it down', row(gone(), { status: 'DOWN', checkStatus: 'L4TOUT' })],
  ['HAProxy is about to', row(gone(), { status: 'UP 1/3', checkStatus: 'L4TOUT' })],
  ['HAProxy has no route', row(gone(), { status: 'DOWN', checkStatus: 'L4CON' })],
  ['Envoy’s check got no answer', behindEnvoy(gone(), { m2: timedOut })],
  ['its node lease is old', leaseAge(gone(), 41)],
  ['another member has lost it', peersLost(gone())],
])('silent on every port, and %s', (_who, world) => {
  const verdict = asFail(world.verdict(rule, 'm2'));
  expect(verdict).toMatchObject({ reason: 'timeout', severity: 'critical', witness: 'agreed' });
  expect(unfilled(rule, verdict)).toEqual([]);
  expect(shown(rule, verdict)[0]).toBe('m2 10.89.0.12:6443  API server: no answer');
  expect(fixesOf(rule, world, verdict)).toHaveLength(2);
});

test.each([
  ['HAProxy waits for it in vain', row(met('hung', 'hung', 'hung'), { status: 'DOWN', checkStatus: 'L6TOUT' })],
  ['its node lease is old', leaseAge(met('hung', 'hung', 'timeout'), 41)],
])('every port takes connections and says nothing, and %s', (_who, world) => {
  const verdict = asFail(world.verdict(rule, 'm2'));
  expect([verdict.reason, verdict.witness]).toEqual(['hung', 'agreed']);
  expect(String(verdict.facts['silence'])).toBe('accepts connections and answers none of them');
  expect(shown(rule, verdict)[0]).toBe('m2 10.89.0.12:6443  API server: connects, then silence');
  const [first] = fixesOf(rule, world, verdict);
  expect(first?.run.join()).toContain('-M do -s 1472 10.89.0.12');
});

test('a check that resumes its session gets through where new clients hang, directly and through the balancer', () => {
  const world = row(met('hung', 'hung', 'hung'), { status: 'UP', checkStatus: 'L7OK' });
  expect(world.verdict(rule, 'm2').status).toBe('unknown');
  const some = [answered('m1', 200), ...failedTries('m2', 'hung').slice(0, 1)];
  expect(asFail(world.set('lb.tries', undefined, { tries: some }).verdict(rule, 'm2')).reason).toBe('hung');
  expect(world.set('lb.tries', undefined, { tries: failedTries('m2', 'hung') }).verdict(rule, 'm2').status).toBe('unknown');
});

test('one stuck process beside one that answers is not the machine', () => {
  const world = row(met('hung', 'hung', 'tls'), { status: 'DOWN', checkStatus: 'L7TOUT' });
  expect(world.verdict(rule, 'm2').status).toBe('pass');
});

test('silent to us alone: our own path may be blocked', () => {
  expect(gone().verdict(rule, 'm2').status).toBe('unknown');
  expect(leaseAge(gone(), 40).verdict(rule, 'm2').status).toBe('unknown');
  expect(peersLost(gone(), 'c83e61f09a7724db').verdict(rule, 'm2').status).toBe('unknown');
});

test('HAProxy still gets answers: our own path is blocked, whatever else looks old', () => {
  expect(row(leaseAge(gone(), 300), { status: 'UP', checkStatus: 'L7OK' }).verdict(rule, 'm2').status).toBe('unknown');
});

test('Envoy still gets answers to a check of readiness; without one, or where it failed otherwise, its word proves nothing', () => {
  expect(behindEnvoy(gone()).verdict(rule, 'm2').status).toBe('unknown');
  const refused = behindEnvoy(gone(), { m2: failedCheck }).verdict(rule, 'm2');
  expect(JSON.stringify(refused)).not.toContain('Envoy gets no answer');
});

test('a server taken out by hand says nothing', () => {
  expect(row(gone(), { status: 'MAINT', checkStatus: 'L4TOUT' }).verdict(rule, 'm2').status).toBe('unknown');
});

test.each(['refused', 'reset', 'closed', 'tls'] as const)('a host with one port that is %s is up', (why) => {
  expect(leaseAge(met('timeout', 'timeout', why), 300).verdict(rule, 'm2').status).toBe('pass');
  expect(leaseAge(met(why, 'timeout', 'timeout'), 300).verdict(rule, 'm2').status).toBe('pass');
});

test('an answer on one port is enough', () => {
  const world = leaseAge(gone(), 300).set('api.ready', 'm2', { tries: [answered('m2', 500)] });
  expect(world.verdict(rule, 'm2').status).toBe('pass');
});

test('two silent services are enough, one is not, and none is a gap', () => {
  const two = again(leaseAge(gone(), 300).missing('node.kubelet-port', 'm2'));
  expect(two.verdict(rule, 'm2').status).toBe('fail');
  expect(two.missing('etcd.client-port', 'm2').verdict(rule, 'm2').status).toBe('unknown');
  expect(two.missing('api.ready', 'm2').verdict(rule, 'm2').status).toBe('unknown');
});

/** Another look, a second later, at what was silent before. */
function again(world: World, nodes = ['m2']): World {
  for (const node of nodes) {
    for (const item of world.evidence.items.filter((one) => one.state === 'known' && one.subject.name === node && one.sample === 0)) {
      if (item.state !== 'known') continue;
      if (item.id === 'api.ready') world.again('api.ready', node, item.value, 1000);
      if (item.id === 'etcd.client-port') world.again('etcd.client-port', node, item.value, 1000);
      if (item.id === 'node.kubelet-port') world.again('node.kubelet-port', node, item.value, 1000);
    }
  }
  return world;
}

test('few tries may all have been lost: it is looked at again before a machine is called gone', () => {
  const asked = () => peersLost(gone()).missing('api.ready', 'm2');
  expect(asked().verdict(rule, 'm2')).toMatchObject({ status: 'unknown', secondLook: 'urged' });
  expect(again(asked()).verdict(rule, 'm2')).toMatchObject({ status: 'unknown', secondLook: 'urged' });
  expect(again(again(asked())).verdict(rule, 'm2').status).toBe('fail');
  // It has answered meanwhile: what was tried before says nothing of now.
  const back = again(asked()).again('etcd.client-port', 'm2', { outcome: { kind: 'open' }, chain: [] }, 2000);
  expect(back.verdict(rule, 'm2').status).toBe('pass');
  const once = again(asked())
    .again('node.kubelet-port', 'm2', { outcome: { kind: 'open' }, chain: [] }, 2000)
    .again('node.kubelet-port', 'm2', { outcome: failure('timeout'), chain: [] }, 3000);
  expect(once.verdict(rule, 'm2').status).toBe('unknown');
});

test('no route counts as silence', () => {
  expect(leaseAge(met('unreachable', 'unreachable', 'timeout'), 300).verdict(rule, 'm2').status).toBe('fail');
});

test('without any second view it stays unknown', () => {
  const world = leaseAge(gone(), 300).missing('lb.stats').missing('kube.node-leases').missing('etcd.metrics');
  expect(world.verdict(rule, 'm2').status).toBe('unknown');
});

test('a balancer that is answered, with whatever status, vouches for the machine', () => {
  for (const checkStatus of ['L7STS', 'L7RSP']) {
    const world = leaseAge(row(gone(), { status: 'DOWN', checkStatus, checkCode: 500 }), 100);
    expect(world.verdict(rule, 'm2').status).toBe('unknown');
  }
});

test('where no machine answers us and the load balancer does, a silent kubelet makes no machine unreachable', () => {
  const world = leaseAge(gone(), 100);
  expect(world.verdict(rule, 'm2').status).toBe('fail');
  for (const node of ['m1', 'm3'])
    world
      .set('api.ready', node, { tries: failedTries(node, 'timeout') })
      .set('etcd.client-port', node, { outcome: failure('timeout'), chain: [] })
      .set('node.kubelet-port', node, { outcome: failure('timeout'), chain: [] });
  expect(world.verdict(rule, 'm2').status).toBe('unknown');
});
