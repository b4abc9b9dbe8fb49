import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { KubeconfigSeen } from '../../../src/model/operator.ts';
import { recallTopology, rememberTopology } from '../../../src/sources/memory.ts';
import { healthyWorld } from '../../kit/world.ts';

let cache: string;
beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), 'ha-doctor-memory-'));
  vi.stubEnv('XDG_CACHE_HOME', cache);
  vi.stubEnv('HA_DOCTOR_MEMORY', '');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(cache, { recursive: true });
});

const kubeconfig: KubeconfigSeen = {
  path: 'admin.conf',
  context: 'lab',
  server: 'https://10.89.0.10:8443',
  host: '10.89.0.10',
  port: 8443,
  proxied: false,
  authority: 'given',
  credential: { kind: 'none' },
};
const healthy = healthyWorld().topology;
const remember = (topology = healthy) => rememberTopology(kubeconfig, ['ca'], topology);
const recall = () => recallTopology(kubeconfig, ['ca']);

async function files(): Promise<readonly string[]> {
  const found = await readdir(cache, { recursive: true, withFileTypes: true });
  return found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

async function onlyFile(): Promise<string> {
  const [file, ...others] = await files();
  if (file === undefined || others.length > 0) throw new Error(`one file was expected, there are ${others.length}`);
  return file;
}

test('what was listed is recalled: addresses, names, member ids, the kind of cluster', async () => {
  expect(await recall()).toBeUndefined();
  await remember();
  const hints = await recall();
  expect(hints).toMatchObject({ platform: { kind: 'kubeadm' }, etcd: 'stacked' });
  expect(hints?.masters[1]).toEqual({ address: '10.89.0.12:6443', from: 'remembered', node: 'm2' });
  expect(hints?.members[1]).toEqual({ address: '10.89.0.12:2379', from: 'remembered', node: 'm2', member: 'a2c947be10d8f355' });
});

test('it is filed by server and authority, for its owner alone, without a draft left over', async () => {
  await remember();
  await remember();
  expect((await stat(await onlyFile())).mode & 0o777).toBe(0o600);
  expect(await recallTopology(kubeconfig, ['other ca'])).toBeUndefined();
  expect(await recallTopology({ ...kubeconfig, server: 'https://other:6443' }, ['ca'])).toBeUndefined();
  expect(await recallTopology({ ...kubeconfig, context: 'another name' }, ['ca'])).toBeDefined();
});

test('the last topology wins', async () => {
  await remember();
  await remember({ ...healthy, masters: healthy.masters.slice(0, 2) });
  expect((await recall())?.masters).toHaveLength(2);
});

test('HA_DOCTOR_MEMORY=off neither keeps nor recalls', async () => {
  await remember();
  vi.stubEnv('HA_DOCTOR_MEMORY', 'off');
  expect(await recall()).toBeUndefined();
  await remember({ ...healthy, masters: healthy.masters.slice(0, 1) });
  vi.stubEnv('HA_DOCTOR_MEMORY', '');
  expect((await recall())?.masters).toHaveLength(3);
});

test.each([
  ['a list nobody vouched for', { ...healthy, mastersComplete: false }],
  [
    'a guess',
    {
      ...healthy,
      masters: healthy.masters.map((master) => ({
        ...master,
        doors: master.doors.map((door) => ({ ...door, origin: 'guessed' as const })),
      })),
    },
  ],
  [
    'a flag',
    {
      ...healthy,
      masters: healthy.masters.map((master, at) =>
        at === 0 ? { ...master, doors: master.doors.map((door) => ({ ...door, origin: 'flag' as const })) } : master,
      ),
    },
  ],
  ['nothing at all', { ...healthy, masters: [] }],
])('%s is not kept', async (_what, topology) => {
  await remember(topology);
  expect(await files()).toEqual([]);
});

test.each([
  ['truncated', '{"masters":['],
  ['of another kind', '{"masters":{},"members":[]}'],
  ['with an address that is none', '{"masters":[{"address":7,"from":"remembered"}],"members":[]}'],
  ['with an entry that is none', '{"masters":[null],"members":[]}'],
  ['that pretends to be a flag', '{"masters":[{"address":"10.0.0.1:6443","from":"flag"}],"members":[]}'],
  ['with a strange platform', '{"platform":"k3s","masters":[],"members":[]}'],
])('a memory %s is none', async (_what, text) => {
  await remember();
  await writeFile(await onlyFile(), text);
  expect(await recall()).toBeUndefined();
});

test('a cache that cannot be written is not worth a word', async () => {
  const file = join(cache, 'file');
  await writeFile(file, 'in the way');
  vi.stubEnv('XDG_CACHE_HOME', file);
  await expect(remember()).resolves.toBeUndefined();
  expect(await readFile(file, 'utf8')).toBe('in the way');
});
