// Changes to what load balancers say of themselves, for the tests beside this file.
import type { BalancerFile, ListedServer, ProxyPath } from '../../../src/model/balancer.ts';
import type { EnvoyCluster, HaproxyRow } from '../../../src/model/balancer.ts';
import { addressOf, type World } from '../../kit/world.ts';

/** Changes the row of one server; `*` means every server, BACKEND the summary. */
export function row(world: World, server: string, change: Partial<HaproxyRow>): World {
  return world.set('lb.stats', undefined, (old) => ({
    rows: old.rows.map((one) => (one.server === server || (server === '*' && one.type === 'server') ? { ...one, ...change } : one)),
  }));
}

export function addRows(world: World, ...rows: readonly HaproxyRow[]): World {
  return world.set('lb.stats', undefined, (old) => ({ rows: [...old.rows, ...rows] }));
}

/** Envoy in HAProxy's place: what speaks against each master's host, by the master's name, and what its cluster is told. */
export function behindEnvoy(
  world: World,
  trouble: Readonly<Record<string, readonly string[]>> = {},
  told: Partial<EnvoyCluster> = { panicBelow: 50, checks: ['http'] },
): World {
  const hosts = ['m1', 'm2', 'm3'].map((node) => {
    const flags = trouble[node] ?? [];
    return { cluster: 'api', address: `${addressOf(node)}:6443`, healthy: flags.length === 0, trouble: flags, connections: 10, active: 2 };
  });
  const clusters = [{ name: 'api', connectionLimit: 1024, ...told }];
  return world.missing('lb.stats').missing('lb.config').set('lb.envoy', undefined, { hosts, clusters });
}

/** What Envoy says of a host whose check was refused, and of one that did not answer. */
export const failedCheck = ['failed_active_health_check'];
export const timedOut = ['failed_active_health_check', 'active_hc_timeout'];

/** The kubeconfig names m1 itself, and nobody knows of a balancer. */
export function withoutBalancer(world: World): World {
  return world
    .set('operator.kubeconfig', undefined, (old) => ({ ...old, server: 'https://10.89.0.11:6443', host: '10.89.0.11', port: 6443 }))
    .drop('lb.stats');
}

/** Changes every file of a load balancer. */
export function files(world: World, change: (file: BalancerFile) => BalancerFile): World {
  return world.set('lb.config', undefined, (old) => ({ ...old, files: old.files.map(change) }));
}

/** Changes the paths of HAProxy's and Nginx's files. */
export function paths(world: World, change: (path: ProxyPath) => ProxyPath): World {
  return files(world, (file) =>
    file.content.kind === 'haproxy' || file.content.kind === 'nginx'
      ? { ...file, content: { ...file.content, paths: file.content.paths.map(change) } }
      : file,
  );
}

export function server(name: string, address: string): ListedServer {
  return { name, address, role: 'active' };
}
