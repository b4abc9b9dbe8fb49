import { expect, test } from 'vitest';
import rule from '../../../rules/posture/ha-node-notready.ts';
import type { LeaseSeen, NodeSeen } from '../../../src/model/kubernetes.ts';
import { fixesOf, unfilled } from '../../kit/texts.ts';
import { answered, asFail, failedTries, healthyWorld, now, type World } from '../../kit/world.ts';

function changeNode(world: World, name: string, change: Partial<NodeSeen>): World {
  return world.set('kube.nodes', undefined, (old) => ({
    ...old,
    nodes: old.nodes.map((node) => (node.name === name ? { ...node, ...change } : node)),
  }));
}

function heartbeat(world: World, names: readonly string[], agoMs: number): World {
  const change = (lease: LeaseSeen) => (names.includes(lease.name) ? { ...lease, renewedAt: now - agoMs } : lease);
  return world.set('kube.node-leases', undefined, (old) => ({ ...old, leases: old.leases.map(change) }));
}

function clockOff(world: World, node: string, milliseconds: number): World {
  return world
    .set('api.ready', node, { tries: [answered(node, 200, 'ok', {}, now + milliseconds)] })
    .set('etcd.clock', node, { sentAt: now, receivedAt: now + 4, serverTime: now + 2 + milliseconds, resolutionMs: 0 });
}

test('every node of a healthy cluster passes', () => {
  expect(
    healthyWorld()
      .judge(rule)
      .map((verdict) => verdict.status),
  ).toEqual(['pass', 'pass', 'pass', 'pass']);
});

test.each(['False', 'Unknown', 'absent'] as const)('Ready %s is not ready, and critical for a master', (ready) => {
  const world = changeNode(healthyWorld(), 'm2', { ready, readyReason: 'KubeletNotReady', readySince: now - 60_000 });
  const verdict = asFail(world.verdict(rule, 'm2'));
  expect(verdict).toMatchObject({ reason: 'notready', severity: 'critical', witness: 'stated' });
  expect(verdict.subject.keys).toMatchObject({ node: 'm2', apiserver: '10.89.0.12:6443' });
  expect(verdict.since?.earliest).toBeLessThanOrEqual(now - 60_000);
  expect(verdict.since?.latest).toBeGreaterThanOrEqual(now - 60_000);
});

test('what the kubelet complains about is said, cut where it is long', () => {
  const world = changeNode(healthyWorld(), 'm2', {
    ready: 'False',
    readyReason: 'KubeletNotReady',
    readyMessage: 'container runtime is down',
  });
  expect(JSON.stringify(asFail(world.verdict(rule, 'm2')).facts)).toContain('container runtime is down');
  changeNode(world, 'm2', { readyMessage: `[PLEG is not healthy, ${'and more '.repeat(40)}]` });
  const facts = JSON.stringify(asFail(world.verdict(rule, 'm2')).facts);
  expect(facts).toContain('PLEG is not healthy');
  expect(facts.length).toBeLessThan(300);
});

test('one worker of four is a warning, three nodes of four make it critical', () => {
  const world = changeNode(healthyWorld(), 'w1', { ready: 'Unknown' });
  expect(asFail(world.verdict(rule, 'w1')).severity).toBe('warning');
  for (const name of ['m1', 'm2']) changeNode(world, name, { ready: 'Unknown' });
  expect(asFail(world.verdict(rule, 'w1')).severity).toBe('critical');
});

test('a heartbeat surely older than 40 s fails though Ready still says True', () => {
  expect(heartbeat(healthyWorld(), ['m2'], 39_000).verdict(rule, 'm2').status).toBe('pass');
  const verdict = asFail(heartbeat(healthyWorld(), ['m2'], 42_000).verdict(rule, 'm2'));
  expect(verdict).toMatchObject({ reason: 'heartbeat-stale', severity: 'critical', witness: 'measured' });
});

test('a master whose clock is behind has a heartbeat as fresh as the others', () => {
  const world = heartbeat(clockOff(healthyWorld(), 'm2', -90_000), ['m2'], 93_000);
  expect(world.verdict(rule, 'm2').status).toBe('pass');
});

test('a worker whose heartbeat looks old is looked at again: its clock may be behind', () => {
  const world = heartbeat(healthyWorld(), ['w1'], 45_000);
  const once = world.verdict(rule, 'w1');
  expect(once.status === 'unknown' && once.secondLook).toBe('urged');
  const list = world.evidence.items.find((item) => item.id === 'kube.node-leases');
  if (list?.state !== 'known' || list.id !== 'kube.node-leases') throw new Error('the healthy world has heartbeats');
  expect(world.again('kube.node-leases', undefined, list.value, 10_000).verdict(rule, 'w1').status).toBe('unknown');
  const still = heartbeat(healthyWorld(), ['w1'], 45_000).again('kube.node-leases', undefined, list.value, 15_000);
  expect(asFail(still.verdict(rule, 'w1')).reason).toBe('heartbeat-stale');
});

test('two looks: a heartbeat that went on is none that stopped', () => {
  const world = heartbeat(healthyWorld(), ['w1'], 90_000);
  const list = world.evidence.items.find((item) => item.id === 'kube.node-leases');
  if (list?.state !== 'known' || list.id !== 'kube.node-leases') throw new Error('the healthy world has heartbeats');
  const later = list.value.leases.map((lease) => ({ ...lease, renewedAt: now - 80_000 }));
  expect(world.again('kube.node-leases', undefined, { ...list.value, leases: later }).verdict(rule, 'w1').status).toBe('pass');
});

test('a cordoned node is a planned thing', () => {
  expect(changeNode(healthyWorld(), 'm2', { cordoned: true }).verdict(rule, 'm2')).toMatchObject({
    status: 'pass',
    facts: { note: 'cordoned' },
  });
});

test('Ready is frozen while nobody leads the controller manager: fresh heartbeats pass, a lost Ready is still said', () => {
  const world = changeNode(healthyWorld(), 'm3', { ready: 'Unknown' });
  world.set('kube.leases', undefined, (old) => ({ ...old, leases: old.leases.map((lease) => ({ ...lease, renewedAt: now - 600_000 })) }));
  expect(world.verdict(rule, 'm1').status).toBe('pass');
  expect(world.verdict(rule, 'm3').status).toBe('fail');
});

test('a master cut off is stale by the server’s clock before it is marked', () => {
  const world = heartbeat(healthyWorld(), ['m2'], 45_000)
    .set('api.ready', 'm2', { tries: failedTries('m2', 'refused') })
    .missing('etcd.clock');
  expect(asFail(world.verdict(rule, 'm2')).reason).toBe('heartbeat-stale');
});

test('no list, no heartbeats, no time: unknown, never ready', () => {
  expect(
    healthyWorld()
      .missing('kube.nodes')
      .judge(rule)
      .map((verdict) => verdict.status),
  ).toEqual(['unknown']);
  expect(healthyWorld().missing('kube.node-leases').verdict(rule, 'm1').status).toBe('unknown');
  const silent = healthyWorld().set('kube.node-leases', undefined, (old) => ({ leases: old.leases }));
  expect(silent.verdict(rule, 'm1').status).toBe('unknown');
  const without = healthyWorld().set('kube.node-leases', undefined, (old) => ({ ...old, leases: [] }));
  expect(without.verdict(rule, 'm1').status).toBe('unknown');
});

test('a kubelet that says nothing may have a login that has ended; one that tells its own state has none', () => {
  const firstStep = (ready: NodeSeen['ready']): string => {
    const world = changeNode(healthyWorld(), 'w1', { ready, readySince: now - 60_000 });
    return fixesOf(rule, world, asFail(world.verdict(rule, 'w1')))[0]?.run.join('\n') ?? '';
  };
  expect(firstStep('Unknown')).toContain('-enddate -in /var/lib/kubelet/pki/kubelet-client-current.pem');
  expect(firstStep('False')).not.toContain('-enddate');
});

test('a silent kubelet that missed two reports is told before the API calls its node lost', () => {
  const failed = { outcome: { kind: 'failed', why: 'refused', detail: 'refused' }, chain: [] } as const;
  const silent = (world: World) => world.set('node.kubelet-port', 'w1', failed);
  const verdict = asFail(heartbeat(silent(healthyWorld()), ['w1'], 30_000).verdict(rule, 'w1'));
  expect(verdict).toMatchObject({ reason: 'heartbeat-stale', witness: 'agreed', severity: 'warning' });
  expect(unfilled(rule, verdict)).toEqual([]);
  expect(silent(healthyWorld()).verdict(rule, 'w1').status).toBe('pass');
  expect(heartbeat(healthyWorld(), ['w1'], 30_000).verdict(rule, 'w1').status).toBe('pass');
  expect(heartbeat(healthyWorld().missing('node.kubelet-port', 'w1'), ['w1'], 30_000).verdict(rule, 'w1').status).toBe('pass');
});
