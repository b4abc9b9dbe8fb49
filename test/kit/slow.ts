// Worlds in which etcd is slow, short of room, or set up in a way that will make it so.
import type { EtcdMetrics } from '../../src/model/etcd.ts';
import type { Histogram } from '../../src/model/histogram.ts';
import { fast } from './healthy.ts';
import { etcdStatus, failure, healthyWorld, now, type World } from './world.ts';

const masters = ['m1', 'm2', 'm3'] as const;
export type Node = (typeof masters)[number];

/** So many more that took a little less than that. */
export function plus(old: Histogram, count: number, seconds: number): Histogram {
  const buckets = old.buckets.map((one) => ({ upTo: one.upTo, count: one.count + (one.upTo >= seconds ? count : 0) }));
  return { buckets, count: old.count + count };
}

/** The counters a member showed at the first look. */
export function countersOf(world: World, node: Node): { readonly kind: 'answered' } & EtcdMetrics {
  const item = world.evidence.items.find((one) => one.id === 'etcd.metrics' && one.subject.name === node);
  if (item?.state !== 'known' || item.id !== 'etcd.metrics' || item.value.kind !== 'answered') throw new Error('no counters');
  return item.value;
}

/** A second look at one member's counters 15 s after the first. */
export function lookAgain(
  world: World,
  node: Node,
  change: (old: EtcdMetrics) => Partial<EtcdMetrics> = () => ({}),
  afterMs = 15_000,
): World {
  const old = countersOf(world, node);
  return world.again('etcd.metrics', node, { ...old, ...change(old) }, afterMs);
}

/** Between two looks m2 did so many of them, each that slow. */
export function slowly(which: 'walFsync' | 'backendCommit', count: number, seconds: number): World {
  return lookAgain(healthyWorld(), 'm2', (old) => ({ [which]: plus(old[which] ?? fast(0), count, seconds) }));
}

/** Every probe of m2 to its peers took that long since it began. */
export function farAway(seconds: number, count = 80): World {
  const world = healthyWorld();
  const far = plus(fast(0), count, seconds);
  const old = countersOf(world, 'm2');
  const peerRoundTrip = Object.fromEntries(Object.keys(old.peerRoundTrip ?? {}).map((peer) => [peer, far]));
  return world.set('etcd.metrics', 'm2', { ...old, peerRoundTrip });
}

/** Flags added to a component's command line, everywhere or on one node. */
export function withFlags(world: World, component: string, flags: readonly string[], node?: Node): World {
  return world.set('kube.control-plane-pods', undefined, (old) => ({
    ...old,
    pods: old.pods.map((pod) =>
      pod.component !== component || (node !== undefined && pod.node !== node)
        ? pod
        : { ...pod, containers: pod.containers.map((one) => ({ ...one, command: [...one.command, ...flags] })) },
    ),
  }));
}

/** Bytes of file and of what is in use in it. */
export function sized(world: World, node: Node, dbSize: number, dbSizeInUse: number): World {
  const old = countersOf(world, node);
  return world.set('etcd.status', node, etcdStatus({ dbSize, dbSizeInUse })).set('etcd.metrics', node, { ...old, dbSize, dbSizeInUse });
}

/** The alarm stands, and so much of the quota is used. */
export function alarmed(percent: number): World {
  const world = healthyWorld();
  const quota = 16 * 1024 ** 2;
  for (const node of masters) {
    sized(world, node, (quota * percent) / 100, (quota * percent) / 100);
    world.set('etcd.status', node, etcdStatus({ dbSizeQuota: quota, errors: ['memberID:11731026262010164053 alarm:NOSPACE '] }));
    world.set('etcd.metrics', node, { ...countersOf(world, node), quota });
    world.set('etcd.health', node, { kind: 'unhealthy', reason: 'ALARM NOSPACE' });
  }
  return world;
}

/** The tool runs on m1 and sees its disk. */
export function onDisk(free: number, size = 100 * 1024 ** 3): World {
  const world = healthyWorld().set('here.files', undefined, { node: 'm1', certificates: [], manifests: [], unreadable: [] });
  return world.set('here.disk', undefined, { node: 'm1', folders: [{ path: '/var/lib/etcd', size, free }] });
}

/** m2 is that many entries behind the leader at both looks. */
export function behind(entries: number): World {
  const world = healthyWorld();
  const late = (world: World, committed: number) =>
    world.set('etcd.metrics', 'm2', { ...countersOf(world, 'm2'), committed, applied: committed });
  late(world, 60_001 - entries);
  for (const node of masters) lookAgain(world, node);
  return world;
}

const mebibyte = 1024 ** 2;

export const slowWorlds: Readonly<Record<string, () => World>> = {
  'a disk takes the log slowly': () => slowly('walFsync', 60, 0.2),
  'a disk takes commits slowly': () => slowly('backendCommit', 60, 0.5),
  'heartbeats are late': () => lookAgain(healthyWorld(), 'm1', () => ({ lateHeartbeats: 12 })),
  'a member is far away': () => farAway(0.2),
  'timers differ': () => withFlags(healthyWorld(), 'etcd', ['--election-timeout=5000'], 'm2'),
  'a member is behind': () => behind(6000),
  'a file is empty': () => sized(healthyWorld(), 'm2', 900 * mebibyte, 200 * mebibyte),
  'history stays': () => withFlags(healthyWorld(), 'kube-apiserver', ['--etcd-compaction-interval=0']),
  'an alarm outlives its cause': () => alarmed(10),
  'a disk is full': () => onDisk(100 * mebibyte),
  'a member keeps ending': () => {
    const world = withFlags(healthyWorld(), 'etcd', ['--no-such-flag'], 'm2');
    for (const id of ['etcd.status', 'etcd.metrics', 'etcd.health', 'etcd.members', 'etcd.read'] as const)
      world.set(id, 'm2', failure('refused'));
    world.set('etcd.client-port', 'm2', { outcome: failure('refused'), chain: [] });
    return world.set('kube.control-plane-pods', undefined, (old) => ({
      ...old,
      pods: old.pods.map((pod) =>
        pod.name === 'etcd-m2'
          ? {
              ...pod,
              containers: pod.containers.map((one) => ({
                ...one,
                waitingReason: 'CrashLoopBackOff',
                restarts: 5,
                lastFinishedAt: now - 9000,
              })),
            }
          : pod,
      ),
    }));
  },
  'a kubelet is short of memory': () =>
    healthyWorld().set('kube.nodes', undefined, (old) => ({
      ...old,
      nodes: old.nodes.map((node) => (node.name === 'm3' ? { ...node, pressures: ['MemoryPressure'] } : node)),
    })),
};
