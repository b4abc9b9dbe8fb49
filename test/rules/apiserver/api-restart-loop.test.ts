import { expect, test } from 'vitest';
import rule from '../../../rules/apiserver/api-restart-loop.ts';
import type { ContainerSeen } from '../../../src/model/kubernetes.ts';
import { fixesOf, shown, unfilled } from '../../kit/texts.ts';
import { asFail, failedTries, healthyWorld, now, type World } from '../../kit/world.ts';

const serverNow = Math.floor(now / 1000) * 1000;

function container(change: Partial<ContainerSeen>, world = healthyWorld()): World {
  return world.set('kube.control-plane-pods', undefined, (old) => ({
    ...old,
    pods: old.pods.map((pod) =>
      pod.name === 'kube-apiserver-m2' ? { ...pod, containers: pod.containers.map((one) => ({ ...one, ...change })) } : pod,
    ),
  }));
}

function endedAgo(seconds: number, change: Partial<ContainerSeen> = {}): Partial<ContainerSeen> {
  return {
    restarts: 1,
    lastFinishedAt: serverNow - seconds * 1000,
    lastExitCode: 137,
    startedAt: serverNow - seconds * 1000 + 500,
    ...change,
  };
}

function silentKubelet(world: World): World {
  return world
    .set('kube.nodes', undefined, (old) => ({
      ...old,
      nodes: old.nodes.map((node) => (node.name === 'm2' ? { ...node, ready: 'Unknown' as const } : node)),
    }))
    .set('kube.node-leases', undefined, (old) => ({
      ...old,
      leases: old.leases.map((lease) => (lease.name === 'm2' ? { ...lease, renewedAt: now - 300_000 } : lease)),
    }));
}

test('no restart within the quarter of an hour: pass, whatever the counter says', () => {
  expect(
    healthyWorld()
      .judge(rule)
      .map((verdict) => verdict.status),
  ).toEqual(['pass', 'pass', 'pass']);
  expect(container(endedAgo(900, { restarts: 9 })).verdict(rule, 'm2').status).toBe('pass');
});

test('a single restart that is over is worth a note and no more', () => {
  for (const seconds of [5, 120, 899]) {
    const verdict = asFail(container(endedAgo(seconds)).verdict(rule, 'm2'));
    expect(verdict).toMatchObject({ severity: 'info', reason: 'restarted' });
    expect(unfilled(rule, verdict)).toEqual([]);
  }
  const verdict = asFail(container(endedAgo(30)).verdict(rule, 'm2'));
  expect(shown(rule, verdict)).toEqual(['m2  1 restarts so far, the last ended 30 s ago, exit code 137']);
});

test('a container that waits in back-off is a loop, critical while nothing serves there', () => {
  const waiting = container(endedAgo(200, { waitingReason: 'CrashLoopBackOff', ready: false, restarts: 6 }));
  expect(asFail(waiting.verdict(rule, 'm2'))).toMatchObject({ reason: 'crash-loop', severity: 'warning' });
  waiting.set('api.ready', 'm2', { tries: failedTries('m2', 'refused') });
  expect(asFail(waiting.verdict(rule, 'm2'))).toMatchObject({ reason: 'crash-loop', severity: 'critical' });
});

test('restarted just now and not ready again', () => {
  const world = container(endedAgo(20, { ready: false })).set('api.ready', 'm2', { tries: failedTries('m2', 'hung') });
  expect(asFail(world.verdict(rule, 'm2'))).toMatchObject({ reason: 'restarting', severity: 'critical' });
});

test('a pod of a kubelet that does not report proves nothing', () => {
  expect(silentKubelet(healthyWorld()).verdict(rule, 'm2').status).toBe('unknown');
  expect(silentKubelet(container({ waitingReason: 'CrashLoopBackOff', ready: false })).verdict(rule, 'm2').status).toBe('unknown');
  expect(healthyWorld().missing('kube.node-leases').verdict(rule, 'm2').status).toBe('unknown');
});

test('what it did report before it fell silent still happened', () => {
  const world = silentKubelet(container(endedAgo(200, { ready: false }))).set('api.ready', 'm2', { tries: failedTries('m2', 'refused') });
  expect(asFail(world.verdict(rule, 'm2')).reason).toBe('restarting');
});

test('a node lease is stale from more than 40 s on', () => {
  const aged = (seconds: number) =>
    healthyWorld().set('kube.node-leases', undefined, (old) => ({
      ...old,
      leases: old.leases.map((lease) => ({ ...lease, renewedAt: serverNow - seconds * 1000 })),
    }));
  expect(aged(40).verdict(rule, 'm2').status).toBe('pass');
  expect(aged(41).verdict(rule, 'm2').status).toBe('unknown');
});

test('without pods: not applicable where none is listed, unknown where only this one is missing or nobody could list', () => {
  const without = (name: RegExp) =>
    healthyWorld().set('kube.control-plane-pods', undefined, (old) => ({ ...old, pods: old.pods.filter((pod) => !name.test(pod.name)) }));
  expect(without(/^kube-apiserver-/).verdict(rule, 'm2').status).toBe('not-applicable');
  expect(without(/^kube-apiserver-m2/).verdict(rule, 'm2').status).toBe('unknown');
  expect(healthyWorld().missing('kube.control-plane-pods').verdict(rule, 'm2').status).toBe('unknown');
  const timeless = container(endedAgo(10)).set('kube.control-plane-pods', undefined, ({ pods }) => ({ pods }));
  expect(timeless.verdict(rule, 'm2').status).toBe('unknown');
});

test('the kubelet may be restarted while another API server serves', () => {
  const world = container(endedAgo(200, { waitingReason: 'CrashLoopBackOff', ready: false }));
  const met = () => fixesOf(rule, world, asFail(world.verdict(rule, 'm2')))[1]?.needs[0]?.met;
  expect(met()).toBe('yes');
  for (const node of ['m1', 'm3']) world.set('api.ready', node, { tries: failedTries(node, 'refused') });
  expect(met()).toBe('no');
});

function withLog(world: World, at: number, text = 'Error: unknown flag: --x'): World {
  const log = { component: 'kube-apiserver', node: 'm2', pod: 'kube-apiserver-m2', previous: true, lines: [{ at, text }] };
  return world.set('kube.container-logs', undefined, { logs: [log] });
}

test('the line of its log that says why is shown', () => {
  const world = withLog(container(endedAgo(200, { waitingReason: 'CrashLoopBackOff', ready: false, restarts: 6 })), now - 200_000);
  const verdict = asFail(world.verdict(rule, 'm2'));
  expect(shown(rule, verdict).at(-1)).toBe('its log: Error: unknown flag: --x');
  expect(unfilled(rule, verdict)).toEqual([]);
});

test('a kubelet that cannot report still keeps the log in which the API server gave up', () => {
  const silent = (at: number, text?: string) =>
    withLog(silentKubelet(healthyWorld()).set('api.ready', 'm2', { tries: failedTries('m2', 'refused') }), at, text);
  const verdict = asFail(silent(serverNow - 60_000).verdict(rule, 'm2'));
  expect(verdict).toMatchObject({ reason: 'crash-loop', severity: 'critical' });
  expect(unfilled(rule, verdict)).toEqual([]);
  expect(silent(serverNow - 900_000).verdict(rule, 'm2').status).toBe('unknown');
  expect(silent(serverNow - 60_000, 'I1121 03:12:44.1       1 a.go:1] "bye"').verdict(rule, 'm2').status).toBe('unknown');
  expect(withLog(silentKubelet(healthyWorld()), serverNow - 60_000).verdict(rule, 'm2').status).toBe('unknown');
});
