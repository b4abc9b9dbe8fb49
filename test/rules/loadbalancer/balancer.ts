// Changes to HAProxy's table, for the tests beside this file.
import type { HaproxyRow } from '../../../src/model/evidence.ts';
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
