// How is one command timed against another, so that a slow machine slows both?
import { spawnSync } from 'node:child_process';
import process from 'node:process';

export interface Contender {
  readonly name: string;
  readonly argv: readonly string[];
  readonly cwd?: string;
}

export interface Ratio {
  readonly seconds: number;
  readonly baseline: number;
  readonly ratio: number;
}

/** NODE_EXTRA_CA_CERTS costs Node 20 some 40 ms a start, whoever is started. */
const env = { ...process.env, HA_DOCTOR_MEMORY: 'off' };
delete (env as Record<string, string | undefined>)['NODE_EXTRA_CA_CERTS'];

/** Whole processes, in turn; medians over the rounds, after one round that does not count. */
export function compare(subject: Contender, baseline: Contender, rounds: number): Ratio {
  const times: { readonly ours: number; readonly theirs: number }[] = [];
  for (let round = 0; round <= rounds; round++) {
    const theirs = timeOnce(baseline);
    const ours = timeOnce(subject);
    if (round > 0 || rounds === 0) times.push({ ours, theirs });
  }
  const seconds = median(times.map((one) => one.ours));
  const base = median(times.map((one) => one.theirs));
  return { seconds, baseline: base, ratio: median(times.map((one) => one.ours / one.theirs)) };
}

export function timeOnce({ name, argv, cwd }: Contender): number {
  const [command = '', ...rest] = argv;
  const began = performance.now();
  const done = spawnSync(command, rest, { env, stdio: ['ignore', 'ignore', 'ignore'], ...(cwd !== undefined && { cwd }) });
  if (done.error !== undefined) throw new Error(`${name} could not be started: ${done.error.message}`);
  return (performance.now() - began) / 1000;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

export function report(what: string, { seconds, baseline, ratio }: Ratio, goal: string): void {
  process.stdout.write(`${what}: ${seconds.toFixed(3)} s, baseline ${baseline.toFixed(3)} s, ratio ${ratio.toFixed(2)} (goal ${goal})\n`);
}
