// Where does a lab keep what must be remembered, and what is known about each lab?
import { mkdir, readFile, readdir, rename, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { LabPlan } from './topology.ts';

/** A fault that was put in and not yet taken out. */
export interface InjectedFault {
  readonly fault: string;
  readonly target: string;
  readonly parameters: Readonly<Record<string, string>>;
  /** RFC 3339. */
  readonly since: string;
}

/** What lab.json holds. `building` that nobody works on any more is the rest of an interrupted `up`. */
export interface LabRecord {
  readonly plan: LabPlan;
  readonly phase: 'building' | 'running' | 'stopped';
  /** The process that is building, while `phase` says so, as processIdentity tells it. */
  readonly builder?: string;
  /** Folder of the release's binaries. */
  readonly binaries: string;
  readonly faults: readonly InjectedFault[];
}

export function labsRoot(): string {
  return join(process.env['XDG_STATE_HOME'] || join(homedir(), '.local', 'state'), 'ha-doctor', 'lab');
}

/** @throws Error when the name could not be part of a path, a cgroup and a screen line. */
export function labFolder(name: string): string {
  if (!/^[a-z][a-z0-9-]{0,19}$/.test(name)) throw new Error(`'${name}' is no lab name: up to 20 of a-z, 0-9 and -, a letter first`);
  return join(labsRoot(), name);
}

/** Paths inside a lab's folder. */
export function pathsOf(folder: string) {
  const operator = join(folder, 'operator');
  return {
    record: join(folder, 'lab.json'),
    operator,
    hosts: join(operator, 'hosts'),
    kubeconfig: join(operator, 'kubeconfig'),
    viewKubeconfig: join(operator, 'view.kubeconfig'),
    expiredKubeconfig: join(operator, 'expired.kubeconfig'),
    etcdCa: join(operator, 'etcd', 'ca.crt'),
    etcdCertificate: join(operator, 'etcd', 'client.crt'),
    etcdKey: join(operator, 'etcd', 'client.key'),
    golden: join(folder, 'golden'),
    node: (name: string) => join(folder, 'nodes', name),
  };
}

export type LabPaths = ReturnType<typeof pathsOf>;

/** Undefined when there is no such lab or its record cannot be read (an `up` that ended within its first step). */
export async function readRecord(folder: string): Promise<LabRecord | undefined> {
  try {
    return JSON.parse(await readFile(pathsOf(folder).record, 'utf8')) as LabRecord;
  } catch {
    return undefined;
  }
}

export async function writeRecord(folder: string, record: LabRecord): Promise<void> {
  const file = pathsOf(folder).record;
  await mkdir(folder, { recursive: true });
  await writeFile(`${file}.new`, `${JSON.stringify(record, null, 2)}\n`);
  await rename(`${file}.new`, file);
}

let lastUpdate: Promise<unknown> = Promise.resolve();

/** Changes what is recorded; changes of one process wait for each other. @throws Error when there is no record. */
export function updateRecord(folder: string, change: (record: LabRecord) => LabRecord): Promise<void> {
  const update = lastUpdate.then(async () => {
    const record = await readRecord(folder);
    if (record === undefined) throw new Error(`${pathsOf(folder).record} is missing`);
    await writeRecord(folder, change(record));
  });
  lastUpdate = update.catch(() => undefined);
  return update;
}

/** Names of all labs that have a folder, whatever state they are in. */
export async function labNames(): Promise<string[]> {
  const entries = await readdir(labsRoot(), { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}
