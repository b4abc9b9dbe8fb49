// Worlds in which a clock is off.
import { now } from './healthy.ts';
import { changeLease } from './leader-worlds.ts';
import { answered, healthyWorld, type World } from './world.ts';

/** What the API server and the etcd member of a machine show, whose clock is off by so many milliseconds. */
export function serverClockOff(world: World, node: string, milliseconds: number): World {
  return world
    .set('api.ready', node, { tries: [answered(node, 200, 'ok', {}, now + milliseconds)] })
    .set('etcd.clock', node, { sentAt: now, receivedAt: now + 4, serverTime: now + 2 + milliseconds, resolutionMs: 0 });
}

/**
 * The last heartbeat of a kubelet, `ago` milliseconds before now.
 * @param own how far its clock is off, @param stores how far that of the API server is that stored it
 */
export function heartbeat(world: World, node: string, own: number, stores: number, ago = 3000): World {
  const storedAt = Math.floor((now - ago + 20 + stores) / 1000) * 1000;
  return world.set('kube.node-leases', undefined, (old) => ({
    ...old,
    leases: old.leases.map((lease) => (lease.name === node ? { ...lease, renewedAt: now - ago + own, storedAt } : lease)),
  }));
}

/** Everything on one master lives by a clock that is off, its leaders too. */
export function machineOff(node: string, milliseconds: number): World {
  const world = heartbeat(serverClockOff(healthyWorld(), node, milliseconds), node, milliseconds, milliseconds);
  const leaders = node === 'm1' ? ['kube-controller-manager', 'kube-scheduler'] : [];
  for (const name of [...leaders, `apiserver-${node}`]) changeLease(world, name, { renewedAt: now - 2000 + milliseconds });
  return world;
}

/** All machines agree, and ours is off by so many milliseconds. */
export function operatorOff(milliseconds: number): World {
  const world = healthyWorld();
  for (const node of ['m1', 'm2', 'm3']) serverClockOff(world, node, -milliseconds);
  for (const id of ['kube.leases', 'kube.node-leases'] as const)
    world.set(id, undefined, ({ leases, clock }) => ({
      leases: leases.map((lease) => ({
        ...lease,
        renewedAt: (lease.renewedAt ?? 0) - milliseconds,
        storedAt: Math.floor(((lease.storedAt ?? 0) - milliseconds) / 1000) * 1000,
      })),
      ...(clock && { clock: { ...clock, serverTime: clock.serverTime - milliseconds } }),
    }));
  return world;
}

/** Each built afresh; none is healthy. */
export const clockWorlds: Readonly<Record<string, () => World>> = {
  'a master is ahead': () => machineOff('m2', 90_000),
  'a worker is ahead': () => heartbeat(healthyWorld(), 'w1', 30_000, 0),
  'a worker is behind': () => heartbeat(healthyWorld(), 'w1', -90_000, 0),
  'our own clock is off': () => operatorOff(30_000),
};
