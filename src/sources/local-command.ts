// What do the time services of this machine say? The only programs that are started for looking, and they only tell.
import { spawn } from 'node:child_process';
import { waitFor } from './limit.ts';
import { GapError, type LocalCommand } from './source.ts';

/** Nothing else is ever run, and nothing is added to these words. */
const commands = {
  timedatectl: ['timedatectl', 'show', '--property=NTPSynchronized', '--property=NTP'],
  chronyc: ['chronyc', '-n', 'tracking'],
} as const satisfies Record<LocalCommand, readonly [string, ...string[]]>;

const limit = 2000;
const longest = 64 * 1024;

/** Its standard output. @throws GapError where it is not there, fails, or says nothing in time. */
export async function runLocalCommand(name: LocalCommand, signal: AbortSignal): Promise<string> {
  const [program, ...words] = commands[name];
  const gapOf = (gap: 'absent' | 'failed' | 'timeout', what: string): GapError =>
    new GapError({ gap, detail: `${program} on this machine ${what}.`, howToGet: commands[name].join(' ') });
  const result = await waitFor<string | GapError>({
    milliseconds: limit,
    signal,
    begin: (settle) => {
      const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'ignore'], env: { ...process.env, LC_ALL: 'C' } });
      let text = '';
      child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
        text += text.length < longest ? chunk : '';
      });
      child.once('error', (error) =>
        settle('code' in error && error.code === 'ENOENT' ? gapOf('absent', 'is not installed') : gapOf('failed', 'cannot be started')),
      );
      child.once('close', (code) => settle(code === 0 ? text : gapOf('failed', `failed with exit code ${code}`)));
      return () => {
        child.kill('SIGKILL');
        child.stdout.destroy();
        child.unref();
      };
    },
    late: () => gapOf('timeout', `said nothing within ${limit / 1000} s`),
  });
  if (result instanceof GapError) throw result;
  return result;
}
