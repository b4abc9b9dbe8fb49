// Does the table of leaders show who leads from where, and a question mark for what nobody knows?
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { viewOf } from '../../../../src/judge/judge.ts';
import { viewLeaders } from '../../../../src/judge/views/leaders.ts';
import { lookRecorded } from '../../../../src/pipeline/diagnose.ts';
import { branchesOf, drawView } from '../../../../src/pipeline/views.ts';
import { renderTable, renderTableJson } from '../../../../src/report/table.ts';
import { columnsOf } from '../../../../src/report/wrap.ts';
import { lease } from '../../../kit/healthy.ts';
import { changeLease, leaderWorlds, notReady, startedWith } from '../../../kit/leader-worlds.ts';
import { healthyWorld, now, type World } from '../../../kit/world.ts';

const look = (world: World) => viewLeaders(viewOf(world.evidence, world.topology));
const cells = (world: World, key: string) => look(world).rows.map((one) => (one[key] === undefined ? '?' : String(one[key])));
const screen = { width: 80, ascii: true };

describe('rows', () => {
  test('both controllers, held, with all that could take over', () => {
    const world = healthyWorld();
    expect(cells(world, 'lease')).toEqual(['kube-controller-manager', 'kube-scheduler']);
    expect(cells(world, 'state')).toEqual(['held', 'held']);
    expect(cells(world, 'age')).toEqual(['3 s ago', '3 s ago']);
    expect(cells(world, 'node')).toEqual(['m1, Ready', 'm1, Ready']);
    expect(cells(world, 'pod')).toEqual(['ready', 'ready']);
    expect(cells(world, 'standby')).toEqual(['3 of 3', '3 of 3']);
    expect(cells(world, 'elects')).toEqual(['yes', 'yes']);
    expect(cells(world, 'timing')).toEqual(['15/10/2 s', '15/10/2 s']);
    expect(String(look(world).title)).toBe('2 of 2 controllers surely have a leader');
  });

  test('other leases of kube-system have one too, identity leases none', () => {
    const world = healthyWorld().set('kube.leases', undefined, (old) => ({
      ...old,
      leases: [
        ...old.leases,
        lease('kube-system', 'plndr-cp-lock', 'm2', { durationSeconds: 5 }),
        lease('kube-system', 'snapshot', 'pod-7'),
      ],
    }));
    expect(cells(world, 'lease')).toEqual(['kube-controller-manager', 'kube-scheduler', 'plndr-cp-lock', 'snapshot']);
    expect(cells(world, 'node')).toEqual(['m1, Ready', 'm1, Ready', 'm2, Ready', '?']);
  });

  test('those that were named, the ones that are not there too', () => {
    const clock = { sentAt: now, receivedAt: now + 8, serverTime: Math.floor(now / 1000) * 1000 };
    const world = healthyWorld().set('kube.named-leases', undefined, {
      leases: [lease('ops', 'leader', 'pod-1')],
      absent: ['ops/gone'],
      clock,
    });
    expect(cells(world, 'lease').slice(2)).toEqual(['ops/leader', 'ops/gone']);
    expect(cells(world, 'state').slice(2)).toEqual(['held', 'no lease']);
  });

  test('expired, given back, from the future, not there', () => {
    const world = changeLease(healthyWorld(), 'kube-scheduler', { renewedAt: now - 90_000 });
    expect(cells(world, 'state')[1]).toBe('EXPIRED');
    expect(cells(changeLease(world, 'kube-scheduler', { holder: '', renewedAt: now - 2000 }), 'state')[1]).toBe('given back');
    expect(cells(changeLease(world, 'kube-scheduler', { renewedAt: now + 90_000 }), 'age')[1]).toBe('in the future');
    const none = healthyWorld().set('kube.leases', undefined, (old) => ({ ...old, leases: [] }));
    expect(cells(none, 'state')).toEqual(['no lease', 'no lease']);
    expect(String(look(none).title)).toBe('0 of 2 controllers surely have a leader');
  });

  test('a holder that is no node, on a node that is not Ready, instances that differ, moves between two looks', () => {
    expect(cells(leaderWorlds['the leader is on an unknown machine']?.() ?? healthyWorld(), 'node')[1]).toBe('old-master: no node');
    expect(cells(notReady(healthyWorld(), 'm1', 120_000), 'node')[1]).toBe('m1, NOT Ready');
    const off = startedWith(healthyWorld(), 'kube-scheduler', 'm2', '--leader-elect=false', '--leader-elect-lease-duration=30s');
    expect(cells(off, 'elects')[1]).toBe('m1, m3: yes; m2: no');
    expect(cells(off, 'timing')[1]).toBe('m1, m3: 15/10/2 s; m2: 30/10/2 s');
    const twice = healthyWorld();
    const first = twice.evidence.items.find((one) => one.id === 'kube.leases');
    if (first?.state !== 'known' || first.id !== 'kube.leases') throw new Error('the world has leases');
    twice.again('kube.leases', undefined, { ...first.value, leases: first.value.leases.map((one) => ({ ...one, transitions: 5 })) });
    expect(cells(twice, 'moves')).toEqual(['5, 3 within 15 s', '5, 3 within 15 s']);
  });
});

test('what nobody could look at is a question mark, null in JSON, and said below', () => {
  const world = healthyWorld().missing('kube.leases').missing('kube.control-plane-pods');
  expect(String(look(world).title)).toContain('nobody can say');
  expect(look(world).notes.map(String).join('\n')).toContain('kube.leases: not allowed');
  const json = JSON.parse(renderTableJson(look(world), {})) as { rows: readonly Record<string, unknown>[] };
  expect(json.rows[0]).toMatchObject({ lease: 'kube-controller-manager', state: null, holder: null, standby: null });
});

const recordings = fileURLToPath(new URL('../../../recordings', import.meta.url));

test.each(readdirSync(recordings).filter((name) => /^S(00|12|41|122)-/.test(name)))(
  'the recorded cluster %s fits a terminal',
  async (name) => {
    const { evidence } = await lookRecorded({ from: join(recordings, name), only: branchesOf('leaders') });
    const text = renderTable(drawView('leaders', evidence), screen);
    expect(text.split('\n').filter((line) => columnsOf(line) > 80)).toEqual([]);
    expect(text).toContain('kube-controller-manager');
    expect(text).toMatch(name.startsWith('S12-') ? /EXPIRED/ : /held/);
  },
);
