// Worlds in which something is wrong, so that between them most rules fail and propose what to do.
import type { ProxyPath } from '../../src/model/balancer.ts';
import type { FailureClass } from '../../src/model/network.ts';
import { slowWorlds } from './slow.ts';
import { apiWorlds } from './api-worlds.ts';
import { etcdWorlds } from './etcd-worlds.ts';
import { leaderWorlds } from './leader-worlds.ts';
import { clockWorlds } from './clock-worlds.ts';
import { certificateWorlds } from './certificate-worlds.ts';
import { answered, certificate, etcdStatus, failedTries, failure, healthyWorld, now, type World } from './world.ts';
import { pair } from './keepers.ts';

const masters = ['m1', 'm2', 'm3'] as const;
const day = 86_400_000;
const ended = { notBefore: '2025-11-20T09:00:00.000Z', notAfter: '2026-11-20T09:00:00.000Z' } as const;

function silentMember(world: World, node: string, why: FailureClass): void {
  for (const port of ['etcd.client-port', 'etcd.peer-port'] as const) world.set(port, node, { outcome: failure(why), chain: [] });
  for (const id of ['etcd.status', 'etcd.metrics', 'etcd.health', 'etcd.members', 'etcd.read'] as const) world.set(id, node, failure(why));
  world.drop('etcd.hash', node);
}

function rows(world: World, status: string, checkStatus: string): World {
  return world.set('lb.stats', undefined, (old) => ({
    rows: old.rows.map((row) => (row.type === 'server' && row.server !== 'm1' ? { ...row, status, checkStatus, checkCode: 0 } : row)),
  }));
}

function leaderless(world: World): World {
  for (const node of masters) {
    world.set('etcd.status', node, (old) => {
      if (old.kind !== 'answered') throw new Error('the old status was no answer');
      const { leaderId: _gone, ...rest } = old;
      return rest;
    });
    world.set('etcd.metrics', node, (old) => ({ ...old, hasLeader: false, isLeader: false }) as typeof old);
  }
  return world;
}

function expiredServers(world: World): World {
  const chain = [certificate('m2', ended)];
  world.set('api.ready', 'm2', {
    tries: [answered('m2', 200, 'ok', { chain, trust: { kind: 'untrusted', why: 'expired', detail: 'ended 2026-11-20' } })],
  });
  return world
    .set('etcd.client-port', 'm2', { outcome: { kind: 'open' }, chain })
    .set('node.kubelet-port', 'm2', { outcome: { kind: 'open' }, chain });
}

/** Each built afresh; none is healthy. */
export const faultyWorlds: Readonly<Record<string, () => World>> = {
  ...apiWorlds,
  ...etcdWorlds,
  ...leaderWorlds,
  ...clockWorlds,
  ...certificateWorlds,
  'one machine is gone': () => {
    const world = healthyWorld().set('api.ready', 'm2', { tries: failedTries('m2', 'timeout') });
    silentMember(world, 'm2', 'timeout');
    return rows(world.set('node.kubelet-port', 'm2', { outcome: failure('timeout'), chain: [] }), 'DOWN', 'L4TOUT');
  },
  'one member stands still again and again': () => {
    const waited = { sentAt: now, receivedAt: now + 1800, serverTime: now, resolutionMs: 0 };
    const world = healthyWorld().set('etcd.clock', 'm2', waited);
    for (const node of masters) world.again('etcd.clock', node, node === 'm2' ? waited : { ...waited, receivedAt: now + 5 }, 1000);
    return world;
  },
  'one member is down': () => {
    const world = healthyWorld().set('api.ready', 'm2', { tries: [answered('m2', 500, '[-]etcd failed: reason withheld\n')] });
    silentMember(world, 'm2', 'refused');
    return world;
  },
  'the quorum is lost': () => {
    const world = leaderless(healthyWorld());
    for (const node of masters.slice(1)) silentMember(world, node, 'refused');
    for (const node of masters) world.set('api.ready', node, { tries: [answered(node, 500, '[-]etcd failed: reason withheld\n')] });
    return world;
  },
  'the quorum is lost and nothing is asked through it': () => {
    const world = leaderless(healthyWorld()).missing('kube.nodes').missing('etcd.status', 'm1');
    for (const node of masters.slice(1)) silentMember(world, node, 'refused');
    return world;
  },
  'no leader is elected': () => leaderless(healthyWorld()),
  'the space is used up': () => {
    const world = healthyWorld();
    for (const node of masters) {
      world.set('etcd.health', node, { kind: 'unhealthy', reason: 'ALARM NOSPACE' });
      world.set('etcd.status', node, etcdStatus({ dbSize: 2_147_483_648, dbSizeInUse: 2_000_000_000, errors: ['alarm:NOSPACE'] }));
    }
    return world;
  },
  'no API server answers': () => {
    const world = healthyWorld().set('lb.tries', undefined, { tries: failedTries('m1', 'closed') });
    for (const node of masters) world.set('api.ready', node, { tries: failedTries(node, 'refused') });
    return rows(world, 'DOWN', 'L4CON');
  },
  'the balancer is closed': () => healthyWorld().set('lb.tries', undefined, { tries: failedTries('m1', 'refused') }),
  'a server is in maintenance': () => rows(healthyWorld(), 'MAINT', ''),
  'a server that says 500 is up': () => healthyWorld().set('api.ready', 'm2', { tries: [answered('m2', 500, '[-]shutdown failed\n')] }),
  'a check only connects': () => rows(expiredServers(healthyWorld()), 'UP', 'L4OK'),
  'certificates have ended': () => expiredServers(healthyWorld()),
  'the operator’s certificate ends': () =>
    healthyWorld().set('operator.kubeconfig', undefined, (old) => ({
      ...old,
      credential: { kind: 'client-certificate', certificate: certificate('admin', ended) },
    })),
  'the credential is refused': () => {
    const world = healthyWorld().set('lb.credential', undefined, { last: answered('m1', 401) });
    for (const node of masters) world.set('api.credential', node, { last: answered(node, 401) });
    return world;
  },
  'leases run out': () =>
    healthyWorld().set('kube.leases', undefined, (old) => ({
      ...old,
      leases: old.leases.map((one) => (one.name.startsWith('kube-') ? { ...one, renewedAt: now - 600_000 } : one)),
    })),
  'there are no leases': () =>
    healthyWorld().set('kube.leases', undefined, (old) => ({ ...old, leases: old.leases.filter((one) => !one.name.startsWith('kube-')) })),
  'nodes and pods are broken': () =>
    healthyWorld()
      .set('kube.nodes', undefined, (old) => ({
        ...old,
        nodes: old.nodes.map((node) => (node.name === 'w1' ? { ...node, ready: 'Unknown' as const, readySince: now - day } : node)),
      }))
      .set('kube.control-plane-pods', undefined, (old) => ({
        ...old,
        pods: old.pods.map((pod) =>
          pod.node !== 'm2' || pod.component === 'etcd'
            ? pod
            : {
                ...pod,
                ready: false,
                containers: pod.containers.map((one) => ({
                  ...one,
                  ready: false,
                  restarts: 9,
                  waitingReason: 'CrashLoopBackOff',
                  lastFinishedAt: now - 60_000,
                  lastExitCode: 1,
                })),
              },
        ),
      })),
  'no server is up': () =>
    healthyWorld().set('lb.stats', undefined, (old) => ({
      rows: old.rows.map((row) => ({ ...row, status: 'DOWN', checkStatus: row.type === 'server' ? 'L4CON' : '', activeServers: 0 })),
    })),
  'reads are refused': () => healthyWorld().set('etcd.read', 'm2', failure('timeout')),
  'two leaders are named': () => healthyWorld().set('etcd.status', 'm2', etcdStatus({ leaderId: 'a2c947be10d8f355' })),
  'one hash differs': () => healthyWorld().set('etcd.hash', 'm2', (old) => ({ ...old, hash: '1' })),
  'a clock is ahead': () =>
    healthyWorld()
      .set('api.ready', 'm2', { tries: [answered('m2', 200, 'ok', {}, now + 600_000)] })
      .set('etcd.clock', 'm2', { sentAt: now, receivedAt: now + 4, serverTime: now + 600_000, resolutionMs: 0 }),
  'the balancer has a list of its own': () =>
    withPath((path) => ({ ...path, servers: path.servers.slice(1), timeouts: { client: 5000, server: 5000 } })),
  'the balancer runs on a master and wants its port': () => {
    const world = withPath((path) => ({ ...path, binds: [{ host: '', port: 6443, tls: false }] }));
    return world.set('lb.config', undefined, (old) => ({ ...old, files: old.files.map((file) => ({ ...file, node: 'm2' })) }));
  },
  'something ends TLS': () => {
    const leaf = certificate('m9', { sha256: 'e'.repeat(64), issuer: 'CN=Somebody', names: ['api.example.org'], addresses: [] });
    const trust = { kind: 'untrusted', why: 'unknown-authority', detail: '' } as const;
    const refused = answered('m1', 401, '', { chain: [leaf], trust });
    return healthyWorld()
      .set('lb.tries', undefined, { tries: [refused] })
      .set('lb.credential', undefined, { last: refused });
  },
  'the balancer is full and flaps': () =>
    healthyWorld().set('lb.stats', undefined, (old) => ({
      rows: old.rows.map((row) => ({ ...row, timesDown: 9, lastChange: 5, ...(row.type === 'frontend' && { sessions: 3999 }) })),
    })),
  'a master cannot reach itself through the balancer': () => {
    const lost = failedTries('m1', 'timeout').slice(0, 2);
    return healthyWorld()
      .set('here.files', undefined, { node: 'm2', certificates: [], manifests: [], unreadable: [] })
      .set('lb.tries', undefined, { tries: [...lost, answered('m1', 200), answered('m3', 200)] });
  },
  'nobody holds the address': () => pair('BACKUP', 'BACKUP'),
  'two hold the address': () => pair('MASTER', 'MASTER'),
  'the holder’s balancer is dead, and nothing watches it': () =>
    pair('MASTER', 'BACKUP', [{ tracks: [], routerId: 52 }, {}]).set('lb.tries', undefined, { tries: failedTries('m1', 'refused') }),
  ...slowWorlds,
};

function withPath(change: (path: ProxyPath) => ProxyPath): World {
  return healthyWorld().set('lb.config', undefined, (old) => ({
    ...old,
    files: old.files.map((file) =>
      file.content.kind === 'haproxy' ? { ...file, content: { ...file.content, paths: file.content.paths.map(change) } } : file,
    ),
  }));
}
