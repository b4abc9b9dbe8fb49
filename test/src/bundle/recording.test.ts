import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readRecording, type Recordable, type Reader, writeRecording } from '../../../src/bundle/recording.ts';
import { UsageError } from '../../../src/model/errors.ts';
import type { EvidenceItem } from '../../../src/model/evidence.ts';
import { subjectKey } from '../../../src/model/subject.ts';
import { conclude } from '../../../src/pipeline/conclude.ts';
import { healthyWorld, type World } from '../../kit/world.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ha-doctor-recording-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

const run = { replayed: false, seconds: 1, interrupted: false, timings: {} };

function recordable({ evidence }: World): Recordable {
  const raws = evidence.items.flatMap((item) => (item.state === 'known' ? [{ ...item, raw: JSON.stringify(item.value) }] : []));
  return { evidence, raws };
}

function readersOf(items: readonly EvidenceItem[]): readonly Reader[] {
  return items.map(({ id }) => ({ id, read: (raw) => JSON.parse(raw) as unknown }));
}

const readers = readersOf(healthyWorld().evidence.items);
const write = (what: Recordable) =>
  writeRecording(folder, what, conclude({ evidence: what.evidence, rules: [], tree: [], version: '0', run }), '0');

const evidenceFile = () => join(folder, 'ha-doctor', 'evidence.json');

interface StoredItem {
  id: string;
  raw?: string;
  subject: { id: string };
}

/** Changes what stands in evidence.json. */
async function tamper(change: (stored: { schema: number; items: StoredItem[] }) => void): Promise<void> {
  const stored = JSON.parse(await readFile(evidenceFile(), 'utf8')) as { schema: number; items: StoredItem[] };
  change(stored);
  await writeFile(evidenceFile(), JSON.stringify(stored));
}

async function readOne(id: string): Promise<EvidenceItem | undefined> {
  return (await readRecording(folder, readers)).items.find((item) => item.id === id);
}

test('what was written is read again, samples, gaps and IPv6 subjects included', async () => {
  const world = healthyWorld()
    .missing('etcd.status', 'm2', { through: 'node/m2' })
    .again('api.version', undefined, { gitVersion: 'v1.35.0' });
  const address = '[fd00::1]:6443';
  const v6 = { kind: 'apiserver', id: address, name: 'm9', keys: { node: 'm9', apiserver: address } } as const;
  const extra: EvidenceItem = {
    state: 'known',
    id: 'api.ready',
    subject: v6,
    value: { tries: [] },
    source: 'direct',
    takenAt: 5,
    sample: 0,
  };
  const evidence = { ...world.evidence, items: [...world.evidence.items, extra] };
  await write({ evidence, raws: [...recordable(world).raws, { ...extra, raw: '{"tries":[]}' }] });
  expect(await readRecording(folder, readers)).toEqual(evidence);
  expect(await readRecording(join(folder, 'ha-doctor'), readers)).toEqual(evidence);
});

test('samples of one thing lie in files of their own', async () => {
  await write(recordable(healthyWorld().again('api.version', undefined, { gitVersion: 'v1.35.0' })));
  const raw = (name: string) => readFile(join(folder, 'ha-doctor', 'raw', 'api.version', name), 'utf8');
  expect(await Promise.all([raw('cluster'), raw('cluster.1')])).toEqual(['{"gitVersion":"v1.34.4"}', '{"gitVersion":"v1.35.0"}']);
});

test('bytes nobody could read are kept beside their gap', async () => {
  const world = healthyWorld().missing('api.version', undefined, { gap: 'failed' });
  const { evidence, raws } = recordable(world);
  const subject = { kind: 'cluster', id: 'cluster', name: 'cluster', keys: {} } as const;
  await write({ evidence, raws: [...raws, { id: 'api.version', subject, sample: 0, raw: '<html>' }] });
  expect(await readFile(join(folder, 'ha-doctor/raw/api.version/cluster'), 'utf8')).toBe('<html>');
  expect(await readOne('api.version')).toMatchObject({ state: 'missing', gap: 'failed' });
});

test('the manifest has the digest of every file', async () => {
  await write(recordable(healthyWorld()));
  const { sha256 } = JSON.parse(await readFile(join(folder, 'ha-doctor/manifest.json'), 'utf8')) as { sha256: Record<string, string> };
  expect(Object.keys(sha256)).toHaveLength(recordable(healthyWorld()).raws.length + 2);
  for (const [path, digest] of Object.entries(sha256)) {
    const text = await readFile(join(folder, 'ha-doctor', path));
    expect(`${path} ${createHash('sha256').update(text).digest('hex')}`).toBe(`${path} ${digest}`);
  }
});

test('a subject cannot make a file outside the recording', async () => {
  const subject = { kind: 'node', id: '../../../outside', name: 'x', keys: {} } as const;
  const item = { state: 'missing', id: 'node.kubelet-port', subject, sample: 0, gap: 'failed', detail: '', howToGet: '' } as const;
  await write({ evidence: { startedAt: 1, items: [item] }, raws: [{ ...item, raw: 'x' }] });
  expect(await readFile(join(folder, 'ha-doctor/raw/node.kubelet-port/.._.._.._outside'), 'utf8')).toBe('x');
});

test.each(['../../secret', '/etc/hostname', 'raw/../../secret', '..', 'raw/link'])(
  'a recording that points to %s reads nothing there',
  async (path) => {
    await write(recordable(healthyWorld()));
    await writeFile(join(folder, 'secret'), '"told"');
    await symlink(join(folder, 'secret'), join(folder, 'ha-doctor/raw/link'));
    await tamper(({ items }) => {
      for (const item of items) if (item.id === 'api.version') item.raw = path;
    });
    expect(await readOne('api.version')).toMatchObject({
      state: 'missing',
      gap: 'failed',
      detail: `the recording points outside itself: ${path}`,
    });
  },
);

test('a raw file that is gone or broken is a gap of its own evidence alone', async () => {
  await write(recordable(healthyWorld()));
  await rm(join(folder, 'ha-doctor/raw/api.version/cluster'));
  await writeFile(join(folder, 'ha-doctor/raw/kube.endpoints/cluster'), '{"addresses":');
  const missing = (await readRecording(folder, readers)).items.filter((item) => item.state === 'missing');
  expect(missing.map((item) => `${item.id} ${subjectKey(item.subject)}`).sort()).toEqual([
    'api.version cluster/cluster',
    'kube.endpoints cluster/cluster',
  ]);
  expect(missing.map((item) => item.detail).sort()).toEqual([
    expect.stringContaining('cannot be read'),
    'raw/kube.endpoints/cluster was changed after it was recorded',
  ]);
});

test('evidence that no probe here reads is a gap', async () => {
  await write(recordable(healthyWorld()));
  const { items } = await readRecording(
    folder,
    readers.filter((reader) => reader.id !== 'api.version'),
  );
  expect(items.find((item) => item.id === 'api.version')).toMatchObject({ state: 'missing', detail: 'nothing here can read api.version' });
});

test.each<[string, Parameters<typeof tamper>[0], RegExp]>([
  ['an evidence id from another version', ({ items }) => Object.assign(items[0] ?? {}, { id: 'api.future' }), /evidence\.json, items\.0/],
  ['another schema', (stored) => Object.assign(stored, { schema: 2 }), /evidence\.json, schema/],
  ['a sample below zero', ({ items }) => Object.assign(items[0] ?? {}, { sample: -1 }), /items\.0\.sample/],
])('%s is refused, naming the place', async (_what, change, words) => {
  await write(recordable(healthyWorld()));
  await tamper(change);
  const reading = readRecording(folder, readers);
  await expect(reading).rejects.toThrow(UsageError);
  await expect(reading).rejects.toThrow(words);
});

test('truncated JSON and a folder without a recording are usage errors', async () => {
  await expect(readRecording(folder, readers)).rejects.toThrow(/holds no recording: ha-doctor\/evidence\.json is not there/);
  await mkdir(join(folder, 'ha-doctor'));
  await writeFile(evidenceFile(), '{"schema":1,"items":[');
  const reading = readRecording(folder, readers);
  await expect(reading).rejects.toThrow(UsageError);
  await expect(reading).rejects.toThrow(/evidence\.json is not readable JSON/);
});

test('a folder that cannot be written is a usage error', async () => {
  await writeFile(join(folder, 'ha-doctor'), 'a file stands in the way');
  await expect(write(recordable(healthyWorld()))).rejects.toThrow(UsageError);
});
