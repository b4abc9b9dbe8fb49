// How does the lab run a command, and which processes on this machine belong to a lab?
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  /** Exit code; 124 after a timeout, 128 + n after signal n, 127 when the command could not start. */
  readonly code: number;
  readonly seconds: number;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly timeoutMs?: number;
  readonly cwd?: string;
}

/** Runs a command in a process group of its own, so that a timeout ends its children as well. Never throws. */
export function runCommand(argv: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const [command = '', ...rest] = argv;
  const started = performance.now();
  const settings = { detached: true, ...(options.env && { env: options.env }), ...(options.cwd && { cwd: options.cwd }) };
  const child = spawn(command, rest, { ...settings, stdio: ['pipe', 'pipe', 'pipe'] });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  let timedOut = false;
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input ?? '');
  const limit =
    options.timeoutMs === undefined
      ? undefined
      : setTimeout(() => {
          timedOut = true;
          killGroup(child.pid);
        }, options.timeoutMs);
  return new Promise((resolve) => {
    const finish = (code: number, extra = '') => {
      clearTimeout(limit);
      const stderr = Buffer.concat(err).toString('utf8') + extra;
      resolve({ stdout: Buffer.concat(out).toString('utf8'), stderr, code, seconds: (performance.now() - started) / 1000 });
    };
    child.on('error', (error) => finish(127, error.message));
    child.on('close', (code, signal) => finish(timedOut ? 124 : (code ?? 128 + (signal === null ? 0 : constants.signals[signal]))));
  });
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It ended in the meantime.
  }
}

/**
 * Like runCommand, for steps that must work.
 * @returns the standard output.
 * @throws Error with the command, its code and the end of what it said.
 */
export async function runOrFail(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const outcome = await runCommand(argv, options);
  if (outcome.code === 0) return outcome.stdout;
  const said = `${outcome.stdout}\n${outcome.stderr}`.trim().split('\n').slice(-12).join('\n  ');
  throw new Error(`${argv.slice(0, 8).join(' ')} ended with ${outcome.code} after ${outcome.seconds.toFixed(1)} s:\n  ${said}`);
}

/** Starts something that outlives this command, with its output in a file; returns its process id. */
export function startDetached(argv: readonly string[], env: Readonly<Record<string, string>>, logFile: string): number {
  const [command = '', ...rest] = argv;
  const log = openSync(logFile, 'a');
  try {
    const child = spawn(command, rest, { detached: true, stdio: ['ignore', log, log], env: { ...env } });
    child.unref();
    if (child.pid === undefined) throw new Error(`${command} could not be started`);
    return child.pid;
  } finally {
    closeSync(log);
  }
}

/** Process ids for which `wanted` answers true; processes that vanish meanwhile are left out. */
export async function findProcesses(wanted: (pid: number) => Promise<boolean>): Promise<number[]> {
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const answers = await Promise.all(names.map((pid) => wanted(pid).catch(() => false)));
  return names.filter((_, index) => answers[index] === true);
}

/** Whether a process was started with this variable in its environment. */
export async function hasEnvironment(pid: number, name: string, value: string): Promise<boolean> {
  const text = await readFile(`/proc/${pid}/environ`, 'utf8');
  return text.split('\0').includes(`${name}=${value}`);
}

/** Process ids of the direct children. */
export function childrenOf(parent: number): Promise<number[]> {
  return findProcesses(async (pid) => {
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    return status.includes(`\nPPid:\t${parent}\n`);
  });
}

/** A process id together with its start, so that a later process with the same id is not taken for it. */
export async function processIdentity(pid: number): Promise<string | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  const start = text?.slice(text.lastIndexOf(')') + 2).split(' ')[19];
  return start === undefined ? undefined : `${pid}@${start}`;
}

/** The process id of an identity, or undefined when that process has ended. */
export async function processOf(identity: string): Promise<number | undefined> {
  const pid = Number.parseInt(identity, 10);
  return (await processIdentity(pid)) === identity ? pid : undefined;
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Kills processes and waits until they are gone. @throws Error when some are still there after 10 s. */
export async function endProcesses(pids: readonly number[]): Promise<void> {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // Already gone.
    }
  }
  const gone = await waitUntil(async () => !pids.some(isAlive), 10_000, 20);
  if (!gone) throw new Error(`processes ${pids.filter(isAlive).join(', ')} do not end`);
}

/** Asks again and again until the answer is true or the time is over; an error counts as not yet. */
export async function waitUntil(ask: () => Promise<boolean>, timeoutMs: number, everyMs = 200): Promise<boolean> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    if (await ask().catch(() => false)) return true;
    if (performance.now() > end) return false;
    await sleep(everyMs);
  }
}
