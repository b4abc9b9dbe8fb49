// How is a run's evidence kept in a folder, and read again?
import { createHash } from 'node:crypto';
import { access, constants, mkdir, readFile, realpath, writeFile } from 'node:fs/promises';
import { dirname, join, normalize, sep } from 'node:path';
import * as z from 'zod';
import { UsageError } from '../model/errors.ts';
import { type Evidence, type EvidenceId, type EvidenceItem, evidenceSubjects } from '../model/evidence.ts';
import type { Report } from '../model/report.ts';
import type { Subject } from '../model/subject.ts';

/** Everything of ours lies below this folder of a bundle or a recording. */
const ours = 'ha-doctor';
const schemaVersion = 1;

/** The bytes of one look, as gathered. */
export interface RawBytes {
  readonly id: EvidenceId;
  readonly subject: Subject;
  readonly sample: number;
  readonly raw: string;
}

export interface Recordable {
  readonly evidence: Evidence;
  readonly raws: readonly RawBytes[];
}

/** Turns raw bytes into a value; a probe does. */
export interface Reader {
  readonly id: EvidenceId;
  readonly read: (raw: string) => unknown;
}

const keys = z.partialRecord(z.enum(['node', 'apiserver', 'member', 'lb', 'object', 'file']), z.string());
const subject = z.object({
  kind: z.enum(['cluster', 'operator', 'lb', 'apiserver', 'node', 'member', 'object', 'file']),
  id: z.string(),
  name: z.string(),
  keys,
});
const evidenceId = z.enum(Object.keys(evidenceSubjects) as [EvidenceId, ...EvidenceId[]]);
/** Milliseconds since 1970, within what a Date can hold. */
const instant = z.number().min(0).max(8.64e15);
const base = { id: evidenceId, subject, sample: z.number().int().min(0) };
const item = z.discriminatedUnion('state', [
  z.object({ state: z.literal('known'), ...base, source: z.string(), takenAt: instant, raw: z.string() }),
  z.object({
    state: z.literal('missing'),
    ...base,
    gap: z.enum(['denied', 'timeout', 'failed', 'absent', 'not-collected']),
    detail: z.string(),
    howToGet: z.string(),
    through: z.string().exactOptional(),
  }),
]);
const stored = z.object({ schema: z.literal(schemaVersion), startedAt: instant, items: z.array(item) });

/** Makes the folder before anything is looked at: a run whose evidence cannot be kept is not begun. @throws UsageError */
export async function prepareRecording(folder: string): Promise<void> {
  const root = join(folder, ours);
  try {
    await mkdir(root, { recursive: true, mode: 0o700 });
    await access(root, constants.W_OK);
  } catch (error) {
    throw cannotWrite(folder, error);
  }
}

/** Writes evidence.json, raw/, report.json and a manifest with a digest of each file. */
export async function writeRecording(folder: string, { evidence, raws }: Recordable, report: Report, version: string): Promise<void> {
  const files = new Map<string, string>();
  const paths = new Map(raws.map((one) => [keyOf(one), pathOf(one)]));
  for (const one of raws) files.set(pathOf(one), one.raw);
  const items = evidence.items.map((one) => {
    if (one.state === 'missing') return one;
    const { value: _read, ...rest } = one;
    return { ...rest, raw: paths.get(keyOf(one)) };
  });
  files.set('evidence.json', toJson({ schema: schemaVersion, startedAt: evidence.startedAt, items }));
  files.set('report.json', toJson(report));
  const digests = Object.fromEntries([...files].map(([path, text]) => [path, digestOf(text)]));
  const manifest = {
    schema: schemaVersion,
    tool: `ha-doctor ${version}`,
    takenAt: report.takenAt,
    cluster: report.cluster,
    vantages: report.vantages,
    sha256: digests,
  };
  files.set('manifest.json', toJson(manifest));
  for (const [path, text] of files) await writeBelow(join(folder, ours), path, text);
}

/** Evidence as it was, with every value read again from its raw bytes. @throws UsageError */
export async function readRecording(folder: string, readers: readonly Reader[]): Promise<Evidence> {
  const root = await findRoot(folder);
  const parsed = stored.safeParse(await readJson(join(root, 'evidence.json')));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new UsageError(
      `${folder} is no recording this version can read: evidence.json, ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`,
    );
  }
  const digests = await readDigests(root);
  const items = await Promise.all(parsed.data.items.map((one) => restore(one, root, readers, digests)));
  return { startedAt: parsed.data.startedAt, items };
}

async function restore(one: z.infer<typeof item>, root: string, readers: readonly Reader[], digests: Digests): Promise<EvidenceItem> {
  if (one.state === 'missing') return one as EvidenceItem;
  const { raw: path, ...rest } = one;
  const gap = (detail: string): EvidenceItem =>
    ({
      state: 'missing',
      id: one.id,
      subject: one.subject,
      sample: one.sample,
      gap: 'failed',
      detail,
      howToGet: 'record again with --record',
    }) as EvidenceItem;
  const safe = normalize(path);
  if (safe.startsWith('..') || safe.startsWith('/')) return gap(`the recording points outside itself: ${path}`);
  const reader = readers.find((candidate) => candidate.id === one.id);
  if (reader === undefined) return gap(`nothing here can read ${one.id}`);
  try {
    const file = await realpath(join(root, safe));
    if (!file.startsWith(`${await realpath(root)}${sep}`)) return gap(`the recording points outside itself: ${path}`);
    const text = await readFile(file, 'utf8');
    if (digests[safe] !== undefined && digests[safe] !== digestOf(text)) return gap(`${path} was changed after it was recorded`);
    return { ...rest, value: reader.read(text) } as EvidenceItem;
  } catch (error) {
    return gap(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Path below the root -> SHA-256 of the file as it was written. */
type Digests = Readonly<Record<string, string>>;

/** None where there is no manifest: the bytes then speak for themselves. */
async function readDigests(root: string): Promise<Digests> {
  const text = await readFile(join(root, 'manifest.json'), 'utf8').catch(() => '{}');
  try {
    return z.object({ sha256: z.record(z.string(), z.string()) }).parse(JSON.parse(text)).sha256;
  } catch {
    return {};
  }
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** The folder itself, or the one above `ha-doctor`, which may be a bundle's. */
async function findRoot(folder: string): Promise<string> {
  for (const candidate of [join(folder, ours), folder]) {
    const found = await readFile(join(candidate, 'evidence.json')).then(
      () => true,
      () => false,
    );
    if (found) return candidate;
  }
  throw new UsageError(`${folder} holds no recording: ${ours}/evidence.json is not there`);
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw new UsageError(`${path} is not readable JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function writeBelow(root: string, path: string, text: string): Promise<void> {
  const file = join(root, path);
  try {
    // A cluster's addresses and certificates are nobody else's business on this machine.
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writeFile(file, text, { mode: 0o600 });
  } catch (error) {
    throw cannotWrite(file, error);
  }
}

function cannotWrite(place: string, error: unknown): UsageError {
  const why = error instanceof Error && 'code' in error ? error.code : error;
  return new UsageError(`the recording cannot be written to ${place} (${why})`);
}

function keyOf(one: { readonly id: string; readonly subject: Subject; readonly sample: number }): string {
  return `${one.id} ${one.subject.kind}/${one.subject.id} ${one.sample}`;
}

function pathOf({ id, subject: about, sample }: RawBytes): string {
  const name = about.id.replace(/[^A-Za-z0-9.-]/g, '_');
  return join('raw', id, sample === 0 ? name : `${name}.${sample}`);
}

function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
