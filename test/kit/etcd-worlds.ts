// Which faults in the membership, the settings and the versions of etcd do tests share?
import type { EtcdMember, EtcdMetrics, EtcdStatus } from '../../src/model/etcd.ts';
import { failure, healthyWorld, type World } from './world.ts';

const masters = ['m1', 'm2', 'm3'] as const;
type Name = (typeof masters)[number];
export const ownCluster = 'feedfacefeedface';
export const ownId = '1111222233334444';

export function changeStatusOf(world: World, node: Name, change: Partial<EtcdStatus>): World {
  return world.set('etcd.status', node, (old) => (old.kind === 'answered' ? { ...old, ...change } : old));
}

export function changeMetricsOf(world: World, node: Name, change: Partial<EtcdMetrics>): World {
  return world.set('etcd.metrics', node, (old) => (old.kind === 'answered' ? { ...old, ...change } : old));
}

export function changeLists(world: World, change: (list: readonly EtcdMember[], teller: Name) => readonly EtcdMember[]): World {
  for (const node of masters) {
    world.set('etcd.members', node, (old) => (old.kind === 'answered' ? { ...old, members: change(old.members, node) } : old));
  }
  return world;
}

/** Restored into a cluster of its own: another cluster, another id, itself alone. */
export function inOwnCluster(world: World, node: Name = 'm3'): World {
  changeStatusOf(world, node, { clusterId: ownCluster, memberId: ownId, leaderId: ownId, revision: '47000', term: '2' });
  changeMetricsOf(world, node, { memberId: ownId, isLeader: true, knownPeers: [], activePeers: {} });
  return world.set('etcd.members', node, (old) =>
    old.kind === 'answered'
      ? { ...old, clusterId: ownCluster, members: old.members.filter(({ name }) => name === node).map((one) => ({ ...one, id: ownId })) }
      : old,
  );
}

/** The same lists in three looks. */
export function lookThrice(world: World): World {
  for (const node of masters) {
    const item = world.evidence.items.find((one) => one.id === 'etcd.members' && one.subject.name === node);
    if (item?.state !== 'known' || item.id !== 'etcd.members') continue;
    world.again('etcd.members', node, item.value, 1000).again('etcd.members', node, item.value, 2000);
  }
  return world;
}

/** The node left; its etcd member stayed in the list and answers nobody. */
export function withoutNode(world: World, node: Name = 'm3'): World {
  for (const port of ['etcd.client-port', 'etcd.peer-port'] as const) world.set(port, node, { outcome: failure('refused'), chain: [] });
  for (const id of ['etcd.status', 'etcd.metrics', 'etcd.health', 'etcd.members', 'etcd.read'] as const) {
    world.set(id, node, failure('refused'));
  }
  world.drop('etcd.hash', node).drop('etcd.clock', node);
  world.set('kube.nodes', undefined, (old) => ({ ...old, nodes: old.nodes.filter(({ name }) => name !== node) }));
  world.set('kube.endpoints', undefined, (old) => ({ addresses: old.addresses.filter((one) => !one.startsWith('10.89.0.13')) }));
  world.set('kube.control-plane-pods', undefined, (old) => ({ ...old, pods: old.pods.filter((pod) => pod.node !== node) }));
  return world;
}

/** m3 is a learner whose process has been running for so many seconds. */
export function learning(world: World, seconds: number, change: Partial<EtcdStatus> = {}): World {
  changeLists(world, (list) => list.map((one) => (one.name === 'm3' ? { ...one, learner: true } : one)));
  changeStatusOf(world, 'm3', { learner: true, ...change });
  const processStart = world.evidence.startedAt / 1000 - seconds;
  world.drop('etcd.clock', 'm3');
  return changeMetricsOf(world, 'm3', { learner: true, processStart });
}

/** More words on a command line, or another one in place of a flag of the same name. */
export function withFlags(world: World, component: 'etcd' | 'kube-apiserver', node: Name, ...words: readonly string[]): World {
  const nameOf = (word: string): string => word.split('=')[0] ?? word;
  return world.set('kube.control-plane-pods', undefined, (old) => ({
    ...old,
    pods: old.pods.map((pod) =>
      pod.component !== component || pod.node !== node
        ? pod
        : {
            ...pod,
            containers: pod.containers.map((one) => ({
              ...one,
              command: [...one.command.filter((word) => !words.some((other) => nameOf(other) === nameOf(word))), ...words],
            })),
          },
    ),
  }));
}

export const etcdWorlds: Readonly<Record<string, () => World>> = {
  'a member is in a cluster of its own': () => lookThrice(inOwnCluster(healthyWorld())),
  'the node of a member is gone': () => withoutNode(healthyWorld()),
  'two members have one name': () =>
    changeLists(healthyWorld(), (list) => list.map((one) => (one.name === 'm3' ? { ...one, name: 'm2' } : one))),
  'a learner stays one': () => learning(healthyWorld(), 7200),
  'the data differ by etcd’s own word': () =>
    changeStatusOf(healthyWorld(), 'm1', { errors: [`memberID:${BigInt('0xa2c947be10d8f355')} alarm:CORRUPT `] }),
  'a flag is unsafe': () => withFlags(healthyWorld(), 'etcd', 'm2', '--unsafe-no-fsync'),
  'versions differ': () => changeStatusOf(healthyWorld(), 'm2', { version: '3.5.1' }),
  'an API server asks where nobody is': () => withFlags(healthyWorld(), 'kube-apiserver', 'm2', '--etcd-servers=https://10.89.0.99:2379'),
};
