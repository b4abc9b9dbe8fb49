// Does the table of etcd members have a row for each, and a question mark for what nobody told?
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { viewOf } from '../../../../src/judge/judge.ts';
import { viewMembers } from '../../../../src/judge/views/members.ts';
import { lookRecorded } from '../../../../src/pipeline/diagnose.ts';
import { branchesOf, drawView } from '../../../../src/pipeline/views.ts';
import { renderTable, renderTableJson } from '../../../../src/report/table.ts';
import { columnsOf } from '../../../../src/report/wrap.ts';
import { changeLists, changeStatusOf, inOwnCluster, learning } from '../../../kit/etcd-worlds.ts';
import { healthyWorld, type World } from '../../../kit/world.ts';
import { addGhost, ids, knocksOnly, loseLeader, silence, withoutCertificate } from '../../../rules/etcd/kit.ts';

const look = (world: World) => viewMembers(viewOf(world.evidence, world.topology));
const cells = (world: World, key: string) => look(world).rows.map((one) => (one[key] === undefined ? '?' : String(one[key])));
const screen = { width: 80, ascii: true };

describe('rows', () => {
  test('each member tells who it is and how it is', () => {
    const world = changeStatusOf(healthyWorld(), 'm3', { appliedIndex: '59991' });
    expect(cells(world, 'id')).toEqual(Object.values(ids));
    expect(cells(world, 'role')).toEqual(['leader', 'follower', 'follower']);
    expect(cells(world, 'state')).toEqual(['serves', 'serves', 'serves']);
    expect(cells(world, 'lag')).toEqual(['0', '0', '10']);
    expect(cells(world, 'quota')).toEqual(['0 %', '0 %', '0 %']);
    expect(cells(world, 'certificate')).toEqual(['2027-08-30', '2027-08-30', '2027-08-30']);
    expect(String(look(world).title)).toBe('3 of 3 voters follow a leader, 2 are needed to write');
  });

  test('a dead one, one that never started and one that learns have theirs', () => {
    const world = silence(addGhost(learning(healthyWorld(), 7200)), 'm2').drop('etcd.clock', 'm2');
    expect(cells(world, 'name')).toEqual(['m1', 'm2', 'm3', '10.89.0.14']);
    expect(cells(world, 'state')).toEqual(['serves', 'refused', 'serves', 'never started']);
    expect(cells(world, 'role')).toEqual(['leader', 'voter', 'learner', 'voter']);
    expect(cells(world, 'seen')).toEqual(['direct', 'not', 'direct', 'not']);
    expect(cells(world, 'version')).toEqual(['3.6.16', '?', '3.6.16', '?']);
  });

  test('what serves another cluster is not compared with this one', () => {
    const world = inOwnCluster(healthyWorld());
    expect(cells(world, 'state')).toEqual(['serves', 'serves', 'in another cluster']);
    expect(cells(world, 'lag')).toEqual(['0', '0', '?']);
    expect(String(look(world).title)).toContain('2 of 3 voters');
  });

  test('two members with one address are still two', () => {
    const world = changeLists(healthyWorld(), (list) =>
      list.map((one) => (one.name === 'm3' ? { ...one, clientUrls: ['https://10.89.0.12:2379'] } : one)),
    );
    expect(cells(world, 'id')).toEqual(Object.values(ids));
    expect(cells(world, 'seen').at(-1)).toBe('only listed');
    expect(cells(world, 'alarms').at(-1)).toBe('?');
  });

  test('without a leader it says so', () => {
    const world = ['m1', 'm2', 'm3'].reduce((made, node) => loseLeader(made, node as 'm1'), healthyWorld());
    expect(cells(world, 'errors')[0]).toBe('etcdserver: no leader');
    expect(String(look(world).title)).toContain('no leader');
    expect(cells(world, 'lag')).toEqual(['?', '?', '?']);
  });
});

describe('alarms', () => {
  const raised = (id: string): World => changeStatusOf(healthyWorld(), 'm1', { errors: [`memberID:${BigInt(`0x${id}`)} alarm:NOSPACE `] });

  test('stand at the member that raised them, whoever tells', () => {
    expect(cells(raised(ids.m2), 'alarms')).toEqual(['none', 'NOSPACE', 'none']);
    expect(look(raised(ids.m2)).notes.map(String)).toEqual(['alarm NOSPACE, reported by m1']);
  });

  test('that only the health check tells belong to nobody known', () => {
    const world = withoutCertificate(healthyWorld()).set('etcd.health', 'm1', { kind: 'unhealthy', reason: 'ALARM NOSPACE' });
    expect(cells(world, 'alarms')).toEqual(['?', '?', '?']);
  });

  test('nobody told are not none', () => {
    expect(cells(knocksOnly(healthyWorld()), 'alarms')).toEqual(['?', '?', '?']);
  });
});

describe('what is not known', () => {
  test('is a question mark on the screen, null in JSON, and the note says what would tell', () => {
    const world = withoutCertificate(healthyWorld()).missing('etcd.status', undefined, { gap: 'not-collected', howToGet: '--etcd-cert' });
    expect(cells(world, 'term')).toEqual(['?', '?', '?']);
    expect(cells(world, 'version')).toEqual(['3.6.16', '3.6.16', '3.6.16']);
    expect(renderTable(look(world), screen)).toContain('?');
    const json = JSON.parse(renderTableJson(look(world), {})) as { rows: readonly Record<string, unknown>[] };
    expect(json.rows[0]).toMatchObject({ name: 'm1', term: null, lag: null, version: '3.6.16' });
    expect(look(world).notes.map(String)).toEqual(['term, index and lag: --etcd-cert']);
  });

  test('ports alone tell a port and no more', () => {
    expect(cells(knocksOnly(healthyWorld()), 'state')).toEqual(['port is open', 'port is open', 'port is open']);
    expect(cells(knocksOnly(healthyWorld()), 'seen')).toEqual(['its port only', 'its port only', 'its port only']);
  });

  test('a member that only its peer port tells of', () => {
    const world = knocksOnly(healthyWorld()).set('etcd.clock', 'm2', { sentAt: 1, receivedAt: 2, serverTime: 1, resolutionMs: 0 });
    expect(cells(world, 'seen')).toEqual(['its port only', 'peer port', 'its port only']);
  });

  test('no member at all is said, with the flag that names some', () => {
    const world = healthyWorld()
      .missing('kube.nodes')
      .missing('kube.control-plane-pods')
      .missing('etcd.members')
      .missing('kube.kubeadm-config');
    expect(look(world).rows).toEqual([]);
    expect(String(look(world).notes[0])).toContain('--etcd-endpoints');
  });
});

test('a certificate that has ended says so', () => {
  const world = healthyWorld().set('etcd.client-port', 'm2', (old) => ({
    ...old,
    chain: old.chain.map((one) => ({ ...one, notAfter: '2026-11-20T00:00:00.000Z' })),
  }));
  expect(cells(world, 'certificate')[1]).toBe('ended 2026-11-20');
});

test('names that would command a terminal', () => {
  const world = changeLists(healthyWorld(), (list) => list.map((one) => ({ ...one, name: `\u001b[31m${one.name} ${'long '.repeat(30)}` })));
  const text = renderTable(look(world), screen);
  expect(text).toMatch(/^[\n\x20-\x7e]*$/);
  expect(text.split('\n').filter((line) => columnsOf(line) > 80)).toEqual([]);
});

const recordings = fileURLToPath(new URL('../../../recordings', import.meta.url));
const chosen = ['S00-kubeconfig', 'S03-etcd', 'S04-70s-etcd', 'S08-etcd', 'S12-kubeconfig', 'S16-etcd'];

test.each(chosen)('recorded: %s', async (name) => {
  const from = join(recordings, name);
  expect(existsSync(join(from, 'ha-doctor/evidence.json'))).toBe(true);
  const { evidence } = await lookRecorded({ from, only: branchesOf('etcd') });
  const text = renderTable(drawView('etcd', evidence), screen);
  expect(text.split('\n').filter((line) => columnsOf(line) > 80)).toEqual([]);
  await expect(text).toMatchFileSnapshot(`golden/etcd/${name}.txt`);
});
