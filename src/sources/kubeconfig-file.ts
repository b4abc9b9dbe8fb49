// What do kubeconfig files say, read and merged as kubectl does it?
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { parse } from 'yaml';
import { UsageError } from '../model/errors.ts';

export type Fields = Readonly<Record<string, unknown>>;

/** One named entry with the folder its relative paths are counted from. */
export interface Entry {
  readonly name: string;
  readonly fields: Fields;
  readonly file: string;
  readonly folder: string;
}

export interface Merged {
  readonly files: readonly string[];
  readonly currentContext?: string;
  readonly clusters: ReadonlyMap<string, Entry>;
  readonly users: ReadonlyMap<string, Entry>;
  readonly contexts: ReadonlyMap<string, Entry>;
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A text field; numbers count as text, because YAML reads an unquoted 123 as one. */
export function textOf(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/**
 * Reads the files in order; the first one that defines a name or a current context wins. Files of a list may be
 * absent, a single one may not.
 * @throws UsageError naming the file and what is wrong with it.
 */
export function readKubeconfigs(files: readonly string[], missing: 'allowed' | 'an error'): Merged {
  const merged = { clusters: new Map<string, Entry>(), users: new Map<string, Entry>(), contexts: new Map<string, Entry>() };
  const read: string[] = [];
  let currentContext: string | undefined;
  for (const file of files) {
    const text = readText(file, missing);
    if (text === undefined) continue;
    read.push(file);
    const document = parseDocument(text, file);
    currentContext ??= textOf(document, 'current-context');
    addEntries(merged.clusters, document, 'clusters', 'cluster', file);
    addEntries(merged.users, document, 'users', 'user', file);
    addEntries(merged.contexts, document, 'contexts', 'context', file);
  }
  return { files: read, ...merged, ...(currentContext !== undefined && { currentContext }) };
}

function readText(file: string, missing: 'allowed' | 'an error'): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'error';
    if (code === 'ENOENT' && missing === 'allowed') return undefined;
    const why =
      { ENOENT: 'does not exist', EACCES: 'may not be read by this user', EISDIR: 'is a folder' }[code] ?? `cannot be read (${code})`;
    throw new UsageError(`The kubeconfig ${file} ${why}.`);
  }
}

function parseDocument(text: string, file: string): Fields {
  let document: unknown;
  try {
    document = parse(text, { logLevel: 'error' });
  } catch (error) {
    const where = error instanceof Error ? /at line (\d+)/.exec(error.message)?.[1] : undefined;
    throw new UsageError(`The kubeconfig ${file} is not valid YAML${where ? ` (line ${where})` : ''}.`);
  }
  if (document === null || document === undefined) return {};
  if (!isFields(document)) throw new UsageError(`The file ${file} is not a kubeconfig.`);
  const kind = textOf(document, 'kind');
  if (kind !== undefined && kind !== 'Config') throw new UsageError(`The file ${file} is not a kubeconfig but a ${kind}.`);
  return document;
}

function addEntries(into: Map<string, Entry>, document: Fields, list: string, inner: string, file: string): void {
  const entries = document[list] ?? [];
  if (!Array.isArray(entries)) throw new UsageError(`The kubeconfig ${file} is broken: "${list}" is not a list.`);
  for (const entry of entries as readonly unknown[]) {
    const name = isFields(entry) ? textOf(entry, 'name') : undefined;
    if (!isFields(entry) || name === undefined)
      throw new UsageError(`The kubeconfig ${file} is broken: an entry of "${list}" has no name.`);
    const fields = entry[inner] ?? {};
    if (!isFields(fields)) throw new UsageError(`The kubeconfig ${file} is broken: "${inner}" of "${name}" has no fields.`);
    if (!into.has(name)) into.set(name, { name, fields, file, folder: dirname(file) });
  }
}

/**
 * PEM text from `<field>-data` (base64) or else from the file that `<field>` names, as kubectl prefers them.
 * @throws UsageError
 */
export function pemOf(entry: Entry, field: string): string | undefined {
  const data = textOf(entry.fields, `${field}-data`);
  if (data !== undefined) return Buffer.from(data, 'base64').toString('utf8');
  const path = textOf(entry.fields, field);
  if (path === undefined) return undefined;
  return readNamed(entry, path, field);
}

export function readNamed(entry: Entry, path: string, field: string): string {
  const file = isAbsolute(path) ? path : join(entry.folder, path);
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new UsageError(`The kubeconfig ${entry.file} names ${file} as ${field} of "${entry.name}", but it cannot be read.`);
  }
}

/** @throws UsageError */
export function parseCertificate(pem: string, entry: Entry, field: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    throw new UsageError(`${field} of "${entry.name}" in ${entry.file} is not a certificate in PEM.`);
  }
}
