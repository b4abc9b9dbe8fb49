// How are a lab's namespaces held open, entered and ended?
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { childrenOf, endProcesses, findProcesses, hasEnvironment, isAlive, startDetached, waitUntil } from './processes.ts';

/** Every process of a lab carries this variable with the lab's folder as its value; `down` finds them by it. */
const marker = 'HA_DOCTOR_LAB';

const systemPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export interface HolderOptions {
  /** The lab's folder. */
  readonly lab: string;
  readonly script: string;
  /** Arguments of unshare(1) that choose the namespaces. */
  readonly namespaces: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly pidFile: string;
  readonly logFile: string;
}

/**
 * Starts a script as the first process of new namespaces and remembers its process id.
 * @returns the process id as this machine sees it.
 */
export async function startHolder(options: HolderOptions): Promise<number> {
  await mkdir(dirname(options.pidFile), { recursive: true });
  const env = { PATH: systemPath, [marker]: options.lab, ...options.env };
  const argv = ['unshare', ...options.namespaces, '--fork', '--kill-child', 'bash', options.script];
  const outer = startDetached(argv, env, options.logFile);
  let first: number | undefined;
  await waitUntil(
    async () => {
      [first] = await childrenOf(outer);
      return first !== undefined || !isAlive(outer);
    },
    5000,
    10,
  );
  if (first === undefined) throw new Error(`${options.script} did not start; see ${options.logFile}`);
  await writeFile(options.pidFile, `${first}\n`);
  return first;
}

/** The first process of a holder, or undefined when it does not run (a reused process id is not taken for it). */
export async function holderOf(lab: string, pidFile: string): Promise<number | undefined> {
  const text = await readFile(pidFile, 'utf8').catch(() => '');
  const pid = Number.parseInt(text, 10);
  if (!Number.isInteger(pid)) return undefined;
  const ours = await hasEnvironment(pid, marker, lab).catch(() => false);
  return ours ? pid : undefined;
}

/** Arguments that run a command in another process's namespaces. */
export function enter(pid: number, namespaces: readonly string[], argv: readonly string[], folder = '/'): string[] {
  return ['nsenter', `--target=${pid}`, ...namespaces, '--', 'env', `--chdir=${folder}`, ...argv];
}

export const everyNamespace = ['--mount', '--uts', '--ipc', '--net', '--pid'];

/** Ends one holder and with it everything that lives in its process namespace. */
export async function endHolder(lab: string, pidFile: string): Promise<void> {
  const pid = await holderOf(lab, pidFile);
  if (pid !== undefined) await endProcesses([pid]);
}

/** Processes of a lab: those it started, and any others that stand in one of its network namespaces. */
async function processesOf(lab: string): Promise<number[]> {
  const marked = await findProcesses((pid) => hasEnvironment(pid, marker, lab));
  const own = await networkOf(process.pid);
  const networks = new Set(await Promise.all(marked.map((pid) => networkOf(pid))));
  networks.delete(own);
  networks.delete(undefined);
  return findProcesses(async (pid) => marked.includes(pid) || networks.has(await networkOf(pid)));
}

async function networkOf(pid: number): Promise<number | undefined> {
  return stat(`/proc/${pid}/ns/net`).then(
    (found) => found.ino,
    () => undefined,
  );
}

/** Ends everything that `processesOf` finds, until nothing is found. */
export async function endLabProcesses(lab: string): Promise<void> {
  for (let round = 0; round < 5; round++) {
    const left = (await processesOf(lab)).filter((pid) => pid !== process.pid);
    if (left.length === 0) return;
    await endProcesses(left);
  }
}
