// How does a test run the packed command on its own, and what must be true of every ending whatever it met?
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { packPackage } from './packed.ts';

export interface Ending {
  /** Not a number when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
}

export interface Doctor {
  /** A folder of its own for what a test has to write. */
  readonly place: string;
  /** Writes a file below that folder and gives its path. */
  write(name: string, text: string, mode?: number): string;
  run(...argv: readonly string[]): Promise<Ending>;
  remove(): void;
}

/** Nothing runs longer than this, in seconds; what does is ended and counts as hung. */
const patience = 30;

export async function installDoctor(): Promise<Doctor> {
  const place = mkdtempSync(join(tmpdir(), 'ha-doctor-bad-input-'));
  const installed = await packPackage(fileURLToPath(new URL('../..', import.meta.url)), place);
  const { NODE_EXTRA_CA_CERTS: _extra, KUBECONFIG: _config, HTTPS_PROXY: _proxy, https_proxy: _lower, ...rest } = process.env;
  const env = { ...rest, HOME: place, HA_DOCTOR_MEMORY: 'off', LC_ALL: 'C.UTF-8' };
  return {
    place,
    write: (name, text, mode = 0o600) => {
      const path = join(place, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text, { mode });
      return path;
    },
    run: (...argv) => runToEnd([join(installed, 'bin/ha-doctor.cjs'), 'diagnose', ...argv], place, env),
    remove: () => rmSync(place, { recursive: true, force: true }),
  };
}

function runToEnd(argv: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Promise<Ending> {
  const began = performance.now();
  const child = spawn(process.execPath, argv, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.stderr += text));
  const hung = setTimeout(() => child.kill('SIGKILL'), patience * 1000);
  return new Promise((resolve) => {
    child.once('close', (code) => {
      clearTimeout(hung);
      resolve({ code, ...said, seconds: (performance.now() - began) / 1000 });
    });
  });
}

/** What --timeout is when nobody says otherwise, in seconds. */
export const defaultTimeout = 15;

/** Everything that could command a terminal; lines may end. */
const controls = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

/** `limit` is the run's own --timeout, in seconds. */
export function expectDecent({ code, stdout, stderr, seconds }: Ending, limit: number, secrets: readonly string[]): void {
  const said = `${stdout}\n${stderr}`;
  expect(code, said).not.toBeNull();
  expect(code, said).not.toBe(1);
  expect(said).not.toMatch(/^\s+at /m);
  expect(said).not.toContain('node:internal');
  expect(said).not.toContain('HEALTHY');
  expect(said).not.toMatch(controls);
  for (const secret of secrets) expect(said).not.toContain(secret);
  expect(seconds).toBeLessThan(limit + 3);
}

/** A mistake of the user's: exit code 2, nothing on stdout, one sentence that names what is wrong. */
export function expectOneSentence(ending: Ending, about: string, secrets: readonly string[] = []): void {
  expectDecent(ending, defaultTimeout, secrets);
  expect(ending.code, ending.stderr).toBe(2);
  expect(ending.stdout).toBe('');
  expect(ending.stderr).toMatch(/^Error: [^\n]+\n$/);
  expect(ending.stderr).toContain(about);
}
