// Worlds in which something is wrong with the election of leaders.
import type { LeaseSeen } from '../../src/model/kubernetes.ts';
import { lease, now, storedAtOnce } from './healthy.ts';
import { healthyWorld, type World } from './world.ts';

export const scheduler = 'kube-system/Lease/kube-scheduler';

/** One component's flags, on one node or on all; a flag that is there is replaced, and a bare `--name=` taken out. */
export function startedWith(world: World, component: string, node: string | undefined, ...flags: readonly string[]): World {
  const names = flags.map((flag) => flag.slice(0, flag.indexOf('=') + 1));
  const change = (command: readonly string[]): readonly string[] => [
    ...command.filter((word) => !names.some((name) => word.startsWith(name))),
    ...flags.filter((flag) => !flag.endsWith('=')),
  ];
  return world.set('kube.control-plane-pods', undefined, (old) => ({
    ...old,
    pods: old.pods.map((pod) =>
      pod.component === component && (node === undefined || pod.node === node)
        ? { ...pod, containers: pod.containers.map((one) => ({ ...one, command: change(one.command) })) }
        : pod,
    ),
  }));
}

export function changeLease(world: World, name: string, change: Partial<LeaseSeen>): World {
  const stored = change.renewedAt === undefined ? {} : storedAtOnce(change.renewedAt);
  return world.set('kube.leases', undefined, (old) => ({
    ...old,
    leases: old.leases.map((lease) => (lease.name === name ? { ...lease, ...stored, ...change } : lease)),
  }));
}

export function notReady(world: World, node: string, milliseconds: number): World {
  return world.set('kube.nodes', undefined, (old) => ({
    ...old,
    nodes: old.nodes.map((one) => (one.name === node ? { ...one, ready: 'Unknown', readySince: now - milliseconds } : one)),
  }));
}

/** As where the manifests of a component were moved away from every master. */
export function listedNowhere(world: World, component: string): World {
  return world.set('kube.control-plane-pods', undefined, (old) => ({
    ...old,
    pods: old.pods.filter((pod) => pod.component !== component),
  }));
}

/** The cloud's controllers as a Deployment of one makes them: on a worker, by no static pod. */
export function withCloudControllers(world: World, node = 'w1'): World {
  return world.set('kube.control-plane-pods', undefined, (old) => {
    const [model] = old.pods.filter((pod) => pod.component === 'kube-scheduler');
    const pod = { name: 'cloud-controller-manager-7d9c-x2', component: 'cloud-controller-manager', node, annotations: {} };
    return { ...old, pods: [...old.pods, ...(model === undefined ? [] : [{ ...model, ...pod }])] };
  });
}

export const cloud = 'kube-system/Lease/cloud-controller-manager';

export function withCloudLease(world: World, change: Partial<LeaseSeen> = {}): World {
  const own = lease('kube-system', 'cloud-controller-manager', 'w1_44d1-aa', change);
  return world.set('kube.leases', undefined, (old) => ({ ...old, leases: [...old.leases, own] }));
}

/** m2's scheduler elects by another lock, which it got or did not get. */
export function twoLocks(held: boolean): World {
  const world = startedWith(healthyWorld(), 'kube-scheduler', 'm2', '--leader-elect-resource-name=second');
  if (!held) return world;
  return world.set('kube.leases', undefined, (old) => ({ ...old, leases: [...old.leases, lease('kube-system', 'second', 'm2_44d1-aa')] }));
}

/** Another object of that name is shown by one API server, in two looks. */
export function otherStore(world: World, node: string): World {
  const item = world.evidence.items.find((one) => one.id === 'api.leases' && one.subject.name === node);
  if (item?.state !== 'known' || item.id !== 'api.leases') throw new Error('the world has leases of each API server');
  const { value } = item;
  const other = { ...value, leases: value.leases.map((lease) => ({ ...lease, uid: `another ${lease.uid}`, holder: 'm3_77aa' })) };
  world.set('api.leases', node, other);
  for (const one of ['m1', 'm2', 'm3']) world.again('api.leases', one, one === node ? other : value, 1000);
  return world;
}

/** Each built afresh; none is healthy. */
export const leaderWorlds: Readonly<Record<string, () => World>> = {
  'the leader is on an unknown machine': () => changeLease(healthyWorld(), 'kube-scheduler', { holder: 'old-master_44d1-aa' }),
  'the leader’s node reports no more': () => notReady(healthyWorld(), 'm1', 120_000),
  'one scheduler is not elected': () => startedWith(healthyWorld(), 'kube-scheduler', 'm2', '--leader-elect=false'),
  'schedulers elect by two locks': () => twoLocks(true),
  'one scheduler waits for a lock of its own': () => twoLocks(false),
  'an election that nobody can win': () => startedWith(healthyWorld(), 'kube-scheduler', 'm2', '--leader-elect-renew-deadline=20s'),
  'one scheduler elects by other timings': () => startedWith(healthyWorld(), 'kube-scheduler', 'm2', '--leader-elect-lease-duration=30s'),
  'API servers show two leases': () => otherStore(healthyWorld(), 'm3'),
  'the scheduler runs nowhere': () =>
    listedNowhere(changeLease(healthyWorld(), 'kube-scheduler', { renewedAt: now - 90_000 }), 'kube-scheduler'),
  'nobody stands by': () => notReady(notReady(healthyWorld(), 'm2', 120_000), 'm3', 120_000),
};
