// Changes to what load balancers say of themselves, for the tests beside this file.
import type { BalancerFile, ListedServer, ProxyPath } from '../../../src/model/balancer.ts';
import type { HaproxyRow } from '../../../src/model/balancer.ts';
import type { World } from '../../kit/world.ts';

/** Changes the row of one server; `*` means every server, BACKEND the summary. */
export function row(world: World, server: string, change: Partial<HaproxyRow>): World {
  return world.set('lb.stats', undefined, (old) => ({
    rows: old.rows.map((one) => (one.server === server || (server === '*' && one.type === 'server') ? { ...one, ...change } : one)),
  }));
}

export function addRows(world: World, ...rows: readonly HaproxyRow[]): World {
  return world.set('lb.stats', undefined, (old) => ({ rows: [...old.rows, ...rows] }));
}

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
