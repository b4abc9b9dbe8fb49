// Does the table of certificates show each once, the first to end first, and a question mark for what nobody saw?
import { describe, expect, test } from 'vitest';
import { viewOf } from '../../../../src/judge/judge.ts';
import { viewCertificates } from '../../../../src/judge/views/certificates.ts';
import { branchesOf } from '../../../../src/pipeline/views.ts';
import { renderTable, renderTableJson } from '../../../../src/report/table.ts';
import { columnsOf } from '../../../../src/report/wrap.ts';
import { authorityFile, day, file, fileSet, iso, kubeconfigFile, serves, withFiles } from '../../../kit/certificates.ts';
import { certificate, healthyWorld, now, type World } from '../../../kit/world.ts';

const look = (world: World) => viewCertificates(viewOf(world.evidence, world.topology));
const rowsOf = (world: World, ...keys: readonly string[]) =>
  look(world).rows.map((row) => keys.map((key) => (row[key] === undefined ? '?' : String(row[key]))).join(' | '));

describe('rows', () => {
  test('what every machine serves, the authority of the kubeconfig, and the operator’s own', () => {
    expect(rowsOf(healthyWorld(), 'machine', 'role').sort()).toEqual(
      [
        ...['m1', 'm2', 'm3'].flatMap((node) =>
          ['apiserver', 'etcd-peer', 'etcd-server', 'kubelet-serving'].map((role) => `${node} | ${role}`),
        ),
        'w1 | kubelet-serving',
        'all | ca',
        'all | front-proxy-ca',
        'you | your kubeconfig',
      ].sort(),
    );
  });

  test('the one that ended stands first, with its age by the servers’ clocks', () => {
    const world = serves('m2', { notAfter: iso(now - day - 5000) });
    expect(rowsOf(world, 'machine', 'role', 'ends', 'left', 'days')[0]).toBe('m2 | apiserver | 2026-11-20 03:12Z | ended 24 h ago | -1');
    expect(String(look(world).title)).toBe('16 certificates: 1 ended, 0 end within 30 days, by the clocks of m1, m2, m3');
  });

  test('served and in its file alike is one row, a renewed file beside an old one in memory two', () => {
    const same = withFiles({ certificates: [file('apiserver', { sha256: 'm2'.padEnd(64, '0') })] });
    const apiserver = (world: World) => rowsOf(world, 'machine', 'role', 'seen').filter((row) => row.startsWith('m2 | apiserver'));
    expect(apiserver(same)).toEqual(['m2 | apiserver | 10.89.0.12:6443\n/etc/kubernetes/pki/apiserver.crt']);
    expect(apiserver(withFiles({ certificates: [file('apiserver', { sha256: 'e'.repeat(64) })] }))).toHaveLength(2);
  });

  test('what nobody saw is a question mark where it would have been seen', () => {
    const world = healthyWorld().missing('etcd.client-port', 'm2');
    expect(rowsOf(world, 'machine', 'role', 'ends', 'seen').at(-1)).toBe('m2 | etcd-server | ? | 10.89.0.12:2379');
    expect(look(world).notes.map(String)).toContain(
      'Files of m1, m2, m3: run ha-doctor there, as root, or name copies with --pki-dir <node>=<folder>',
    );
  });

  test('what stands in the kubeconfigs of a master, and who reads each', () => {
    const client = certificate('m2', { notAfter: iso(now + 9 * day) });
    const { client: _, ...kubelet } = kubeconfigFile('kubelet', { clientFile: '/var/lib/kubelet/pki/kubelet-client-current.pem' });
    const world = withFiles({
      kubeconfigs: [...['admin', 'scheduler', 'somebody'].map((role) => kubeconfigFile(role, { client })), kubelet],
    });
    expect(rowsOf(world, 'role', 'days', 'restart').filter((row) => row.includes('.conf'))).toEqual([
      'admin.conf | 9 | nobody',
      'scheduler.conf | 9 | kube-scheduler',
    ]);
  });

  test('who starts anew after a renewal: by role, and the one service of k3s', () => {
    const files = withFiles({ certificates: [file('apiserver-etcd-client'), authorityFile('etcd-ca', 'a')] });
    const of = (world: World, role: string) => rowsOf(world, 'role', 'restart').filter((row) => row.startsWith(role));
    expect(of(files, 'apiserver-etcd-client')).toEqual(['apiserver-etcd-client | kube-apiserver']);
    expect(of(files, 'etcd-ca')).toEqual(['etcd-ca | everything that holds it']);
  });
});

test('files that cannot be read are named, a line each and not too many', () => {
  const unreadable = Array.from({ length: 12 }, (_, index) => ({ path: `/x/${index}.crt`, why: 'the bytes are not a certificate' }));
  const world = healthyWorld().set('here.pki', undefined, { sets: [{ ...fileSet('m1', {}), unreadable }] });
  const notes = look(world).notes.map(String);
  expect(notes.filter((note) => note.endsWith('not a certificate'))).toHaveLength(10);
  expect(notes).toContain('2 more files could not be read');
});

test('an empty world is a sentence, not a crash', () => {
  const world = healthyWorld();
  for (const item of world.evidence.items) world.missing(item.id);
  expect(String(look(world).title)).toBe('no certificate could be seen');
});

test('the screen fits 80 columns; JSON has every column, and null for what is not known', () => {
  const view = look(healthyWorld().missing('etcd.client-port', 'm2'));
  for (const line of renderTable(view, { width: 80, ascii: true }).split('\n')) expect(columnsOf(line)).toBeLessThanOrEqual(80);
  const { rows } = JSON.parse(renderTableJson(view, {})) as { rows: Record<string, unknown>[] };
  expect(Object.keys(rows[0] ?? {}).sort()).toEqual(view.columns.map(({ key }) => key).sort());
  expect(rows.at(-1)).toMatchObject({ role: 'etcd-server', ends: null, issuer: null });
});

test('it looks at what the rules about certificates look at', () => expect(branchesOf('certs')).toBe('certificates'));
