import { expect, test } from 'vitest';
import expired from '../../../rules/leader/le-lease-expired.ts';
import rule from '../../../rules/leader/le-component-unhealthy.ts';
import type { ContainerSeen, ControlPlanePod } from '../../../src/model/kubernetes.ts';
import type { Edge } from '../../../src/model/rule.ts';
import { shown } from '../../kit/texts.ts';
import { asFail, healthyWorld, now, type World } from '../../kit/world.ts';

const onM2 = 'kube-scheduler on m2';

function change(world: World, name: string, pod: Partial<ControlPlanePod>, container: Partial<ContainerSeen> = {}): World {
  return world.set('kube.control-plane-pods', undefined, (old) => ({
    ...old,
    pods: old.pods.map((one) =>
      one.name === name ? { ...one, ...pod, containers: one.containers.map((each) => ({ ...each, ...container })) } : one,
    ),
  }));
}

const crashing = { waitingReason: 'CrashLoopBackOff', ready: false, restarts: 7, lastExitCode: 1 };

test('every instance of a healthy cluster passes, named by component and node', () => {
  const verdicts = healthyWorld().judge(rule);
  expect(verdicts.map((verdict) => verdict.status)).toEqual(Array(6).fill('pass'));
  expect(healthyWorld().verdict(rule, onM2).subject).toEqual({
    kind: 'object',
    id: 'kube-system/Pod/kube-scheduler-m2',
    name: onM2,
    keys: { node: 'm2', object: 'kube-system/Pod/kube-scheduler-m2' },
  });
});

test('a crash loop on a node that reports fails; with two healthy ones left it is a warning', () => {
  const verdict = asFail(change(healthyWorld(), 'kube-scheduler-m2', { ready: false }, crashing).verdict(rule, onM2));
  expect(verdict).toMatchObject({ reason: 'waiting', severity: 'warning', group: 'kube-scheduler' });
  expect(verdict.facts).toMatchObject({ words: 'CrashLoopBackOff, exit 1', good: 2, all: 3 });
});

test('no healthy instance left is critical', () => {
  const world = healthyWorld();
  for (const node of ['m1', 'm2', 'm3']) change(world, `kube-scheduler-${node}`, { ready: false }, crashing);
  expect(asFail(world.verdict(rule, onM2)).severity).toBe('critical');
});

test('not ready for more than two minutes fails, for less it may be starting', () => {
  const notReady = (ago: number) =>
    change(healthyWorld(), 'kube-scheduler-m2', { ready: false, readySince: now - ago }).verdict(rule, onM2);
  expect(notReady(119_000).status).toBe('unknown');
  expect(asFail(notReady(122_000)).reason).toBe('not-ready');
});

test('one that was restarted and is ready passes: leaving when the lease is lost is by design', () => {
  expect(change(healthyWorld(), 'kube-scheduler-m2', {}, { restarts: 1, lastExitCode: 1 }).verdict(rule, onM2).status).toBe('pass');
});

test.each([
  [
    'whose Ready is Unknown',
    (world: World) =>
      world.set('kube.nodes', undefined, (old) => ({
        ...old,
        nodes: old.nodes.map((node) => (node.name === 'm2' ? { ...node, ready: 'Unknown' as const } : node)),
      })),
  ],
  [
    'whose heartbeat stopped',
    (world: World) =>
      world.set('kube.node-leases', undefined, (old) => ({
        ...old,
        leases: old.leases.map((lease) => (lease.name === 'm2' ? { ...lease, renewedAt: now - 60_000 } : lease)),
      })),
  ],
])('pods of a node %s say nothing, in both directions', (_words, cut) => {
  expect(cut(healthyWorld()).verdict(rule, onM2).status).toBe('unknown');
  expect(cut(change(healthyWorld(), 'kube-scheduler-m2', { ready: false }, crashing)).verdict(rule, onM2).status).toBe('unknown');
});

test('an instance that nobody can judge keeps it from being critical', () => {
  const world = healthyWorld();
  for (const node of ['m1', 'm2', 'm3']) change(world, `kube-scheduler-${node}`, { ready: false }, crashing);
  change(world, 'kube-scheduler-m3', { node: 'm9' });
  expect(asFail(world.verdict(rule, onM2)).severity).toBe('warning');
});

test('missing pods, nodes or heartbeats: unknown; no pods at all: nothing of this kind', () => {
  expect(
    healthyWorld()
      .missing('kube.control-plane-pods')
      .judge(rule)
      .map((verdict) => verdict.status),
  ).toEqual(['unknown']);
  expect(healthyWorld().missing('kube.nodes').verdict(rule, onM2).status).toBe('unknown');
  expect(healthyWorld().missing('kube.node-leases').verdict(rule, onM2).status).toBe('unknown');
  expect(healthyWorld().set('kube.control-plane-pods', undefined, { pods: [] }).judge(rule)).toMatchObject([{ status: 'not-applicable' }]);
});

test('broken schedulers explain the scheduler’s lease and no other', () => {
  const world = healthyWorld();
  for (const node of ['m1', 'm2', 'm3']) change(world, `kube-scheduler-${node}`, { ready: false }, crashing);
  world.set('kube.leases', undefined, (old) => ({ ...old, leases: old.leases.map((lease) => ({ ...lease, renewedAt: now - 90_000 })) }));
  const cause = asFail(world.verdict(rule, onM2));
  const edge = (rule.explains as readonly Edge[]).find((one) => one.to === 'le-lease-expired');
  const gate = (lease: string) => edge?.when?.({ cause, effect: asFail(world.verdict(expired, lease)) }, undefined as never);
  expect(gate('kube-system/Lease/kube-scheduler')).toBe('yes');
  expect(gate('kube-system/Lease/kube-controller-manager')).toBe('no');
  const lost = asFail(world.verdict(expired, 'kube-system/Lease/kube-scheduler')).supports?.filter((one) => one.state === 'lost');
  expect(lost?.map((one) => one.name)).toEqual(['m1', 'm2', 'm3']);
});

test('the line of its log that says why is shown', () => {
  const lines = [{ at: now, text: 'E1121 03:12:44.1       1 server.go:326] "leaderelection lost"' }];
  const log = { component: 'kube-scheduler', node: 'm2', pod: 'kube-scheduler-m2', previous: true, lines };
  const world = change(healthyWorld(), 'kube-scheduler-m2', { ready: false }, crashing).set('kube.container-logs', undefined, {
    logs: [log],
  });
  expect(shown(rule, asFail(world.verdict(rule, onM2)))).toContain('  its log: "leaderelection lost"');
});
