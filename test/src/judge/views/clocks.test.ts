// Does the table of clocks show bounds that hold, and say what they prove?
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { viewOf } from '../../../../src/judge/judge.ts';
import { viewClocks } from '../../../../src/judge/views/clocks.ts';
import { lookRecorded } from '../../../../src/pipeline/diagnose.ts';
import { branchesOf, drawView } from '../../../../src/pipeline/views.ts';
import { renderTable, renderTableJson } from '../../../../src/report/table.ts';
import { columnsOf } from '../../../../src/report/wrap.ts';
import { heartbeat, machineOff, operatorOff, serverClockOff } from '../../../kit/clock-worlds.ts';
import { healthyWorld, type World } from '../../../kit/world.ts';

const look = (world: World) => viewClocks(viewOf(world.evidence, world.topology));
const screen = { width: 80, ascii: true };

function proved(world: World): Readonly<Record<string, string>> {
  return Object.fromEntries(
    look(world).rows.map((row) => [String(row['clock']), row['verdict'] === undefined ? '?' : String(row['verdict'])]),
  );
}

interface InJson {
  readonly rows: readonly (Readonly<Record<string, unknown>> & { readonly clock: string })[];
}

function json(world: World): InJson {
  return JSON.parse(renderTableJson(look(world), {})) as InJson;
}

test('every clock has a row, and in a healthy cluster each is proved to agree', () => {
  const rows = proved(healthyWorld());
  expect(Object.keys(rows)).toHaveLength(1 + 3 + 3 + 4 + 2);
  expect(new Set(Object.values(rows))).toEqual(new Set(['within 5 s', 'within 3 s', 'within 15 s']));
});

test('a machine that is ahead is off in all its rows, and no other one is', () => {
  const rows = proved(machineOff('m2', 90_000));
  const off = Object.entries(rows).flatMap(([name, verdict]) => (verdict === 'OFF' ? [name] : []));
  expect(off).toEqual(['API server on m2', 'etcd member on m2', 'kubelet on m2']);
  expect(String(look(machineOff('m2', 90_000)).title)).toBe('off: m2');
});

test('our own clock, and a worker’s', () => {
  expect(proved(operatorOff(30_000))['this machine']).toBe('OFF');
  expect(proved(heartbeat(healthyWorld(), 'w1', 30_000, 0))['kubelet on w1']).toBe('OFF');
});

test('of two machines that differ none is called the wrong one', () => {
  const world = serverClockOff(healthyWorld(), 'm2', 30_000).missing('api.ready', 'm3').missing('etcd.clock', 'm3');
  expect(String(look(world).title)).toBe('the clocks of m1, m2 differ');
});

test('the truth is inside the bounds that programs get', () => {
  const own = json(machineOff('m2', 90_000)).rows.find((row) => row.clock === 'API server on m2');
  expect(Number(own?.['fromUsLow'])).toBeLessThanOrEqual(90_000);
  expect(Number(own?.['fromUsHigh'])).toBeGreaterThanOrEqual(90_000);
});

test('what nobody told is a question mark', () => {
  const world = healthyWorld().missing('api.ready').missing('etcd.clock').missing('kube.leases');
  expect(new Set(Object.values(proved(world)))).toEqual(new Set(['?']));
  expect(String(look(world).title)).toContain('no machine');
  const silent = json(healthyWorld().missing('api.ready', 'm2')).rows.find((row) => row.clock === 'API server on m2');
  expect(silent).toMatchObject({ offset: null, skew: null, verdict: null });
});

const recordings = fileURLToPath(new URL('../../../recordings', import.meta.url));

test.each(readdirSync(recordings).filter((name) => /^S(00|22|50-75s|122)-/.test(name)))(
  'the recorded cluster %s fits a terminal, and its clocks are right',
  async (name) => {
    const { evidence } = await lookRecorded({ from: join(recordings, name), only: branchesOf('clocks') });
    const text = renderTable(drawView('clocks', evidence), screen);
    expect(text.split('\n').filter((line) => columnsOf(line) > 80)).toEqual([]);
    expect(text).not.toMatch(/OFF/);
    expect(text).toContain('within 3 s');
  },
);
