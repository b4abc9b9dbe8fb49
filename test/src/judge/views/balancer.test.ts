// Does the table of the load balancer show what it says beside what we see, and a question mark for what nobody knows?
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { viewOf } from '../../../../src/judge/judge.ts';
import { viewBalancer } from '../../../../src/judge/views/balancer.ts';
import { lookRecorded } from '../../../../src/pipeline/diagnose.ts';
import { branchesOf, drawView } from '../../../../src/pipeline/views.ts';
import { renderTable, renderTableJson } from '../../../../src/report/table.ts';
import { columnsOf } from '../../../../src/report/wrap.ts';
import { addFiles, pair } from '../../../kit/keepers.ts';
import { answered, failedTries, healthyWorld, type World } from '../../../kit/world.ts';
import { row, withoutBalancer } from '../../../rules/loadbalancer/balancer.ts';

const look = (world: World) => viewBalancer(viewOf(world.evidence, world.topology));
const cells = (world: World, key: string) => look(world).rows.map((one) => (one[key] === undefined ? '?' : String(one[key])));
const screen = { width: 80, ascii: true };

describe('rows', () => {
  test('every master has one', () => {
    expect(cells(healthyWorld(), 'backend')).toEqual(['api/m1', 'api/m2', 'api/m3']);
    expect(cells(healthyWorld(), 'balancer')).toEqual(['UP L7OK/200', 'UP L7OK/200', 'UP L7OK/200']);
    expect(cells(healthyWorld(), 'share')).toEqual(['1 of 3 tries', '1 of 3 tries', '1 of 3 tries']);
    expect(String(look(healthyWorld()).title)).toBe('10.89.0.10:8443: 3 of 3 masters receive traffic');
  });

  test('sessions go before our own tries', () => {
    const world = row(row(healthyWorld(), '*', { sessionsTotal: 50 }), 'm2', { sessionsTotal: 0 });
    expect(cells(world, 'share')).toEqual(['50 % of 100', '0 % of 100', '50 % of 100']);
  });

  test('a master that the balancer does not know, and a server that is only in its file', () => {
    const world = healthyWorld()
      .set('lb.stats', undefined, (old) => ({ rows: old.rows.filter((one) => one.server !== 'm3') }))
      .missing('lb.config');
    expect(cells(world, 'balancer')).toEqual(['UP L7OK/200', 'UP L7OK/200', 'not listed']);
    expect(cells(healthyWorld().missing('lb.stats'), 'balancer')).toEqual(['?', '?', '?']);
    expect(cells(healthyWorld().missing('lb.stats'), 'backend')).toEqual(['m1', 'm2', 'm3']);
  });

  test('Envoy in the place of HAProxy', () => {
    const host = (address: string, trouble: readonly string[]) => ({
      cluster: 'api',
      address,
      healthy: trouble.length === 0,
      trouble,
      connections: 5,
    });
    const world = healthyWorld()
      .missing('lb.stats')
      .missing('lb.config')
      .set('lb.envoy', undefined, {
        hosts: [host('10.89.0.11:6443', []), host('10.89.0.12:6443', ['failed_active_health_check'])],
        clusters: [],
      });
    expect(cells(world, 'backend')).toEqual(['api/m1', 'api/m2', 'm3']);
    expect(cells(world, 'balancer')).toEqual(['healthy', 'failed_active_hc', 'not listed']);
    expect(cells(world, 'share')).toEqual(['50 % of 10', '50 % of 10', '1 of 3 tries']);
  });
});

describe('what is not known', () => {
  test('is a question mark on the screen and null in JSON', () => {
    const world = healthyWorld().missing('lb.stats').missing('lb.config').missing('lb.tries').missing('api.ready', 'm2');
    expect(renderTable(look(world), screen)).toContain('m2       10.89.0.12:6443  ?        ?');
    const json = JSON.parse(renderTableJson(look(world), {})) as { rows: readonly Record<string, unknown>[] };
    expect(json.rows[1]).toEqual({ backend: 'm2', address: '10.89.0.12:6443', balancer: null, direct: null, share: null, changed: null });
    expect(String(look(world).title)).toContain('nobody can say');
  });

  test('a balancer that keeps us on one server leaves the others open', () => {
    const world = healthyWorld()
      .missing('lb.stats')
      .set('lb.tries', undefined, { tries: [answered('m1', 200), answered('m1', 200)] });
    expect(String(look(world).title)).toContain('at least 1 of 3');
  });

  test('an address that refuses everybody leads to nobody', () => {
    const world = healthyWorld()
      .missing('lb.stats')
      .set('lb.tries', undefined, { tries: failedTries('m1', 'refused') });
    expect(String(look(world).title)).toContain('0 of 3 masters');
  });

  test('no balancer at all is said', () => {
    expect(String(look(withoutBalancer(healthyWorld())).title)).toContain('no load balancer');
  });
});

test('who holds the address stands below', () => {
  expect(look(pair('MASTER', undefined)).notes.map(String)).toEqual(['Address 10.89.0.10: lb1 MASTER, lb2 ?']);
  expect(look(addFiles(healthyWorld())).notes).toEqual([]);
});

test('names that would command a terminal, and rows too wide for it', () => {
  const world = row(healthyWorld(), 'm2', { server: `\u001b[31m${'very-long-name '.repeat(12)}` });
  const text = renderTable(look(world), screen);
  expect(text).toMatch(/^[\n\x20-\x7e]*$/);
  expect(text.split('\n').filter((line) => columnsOf(line) > 80)).toEqual([]);
});

const recordings = fileURLToPath(new URL('../../../recordings', import.meta.url));
/** A few in which the balancer has something to say. */
const chosen = ['S00-kubeconfig', 'S02-kubeconfig', 'S03-etcd', 'S22-etcd', 'S32-10s-kubeconfig', 'S50-75s-etcd'];
const names = readdirSync(recordings).filter((name) => chosen.includes(name) || /^S(9|18)\d/.test(name));

describe('recorded clusters', () => {
  test('are there', () => {
    expect(names.length).toBeGreaterThanOrEqual(chosen.length);
    expect(names.every((name) => existsSync(join(recordings, name, 'ha-doctor/evidence.json')))).toBe(true);
  });

  test.each(names)('%s', async (name) => {
    const { evidence } = await lookRecorded({ from: join(recordings, name), only: branchesOf('lb') });
    const text = renderTable(drawView('lb', evidence), screen);
    expect(text.split('\n').filter((line) => columnsOf(line) > 80)).toEqual([]);
    await expect(text).toMatchFileSnapshot(`golden/lb/${name}.txt`);
  });
});
