// What does etcdctl print, run inside an etcd pod where the user allowed that?
import type { Api } from './kubernetes.ts';
import { Stopped, waitFor } from './limit.ts';
import { openPodStream, type Purpose } from './pod-stream.ts';
import { GapError } from './source.ts';
import type { Channel } from './websocket.ts';

const outputLimit = 4 * 1024 * 1024;
const limit = 10_000;

/** Everything that may be run: commands of etcdctl that only read. */
const readOnly: readonly (readonly string[])[] = [
  ['endpoint', 'status'],
  ['endpoint', 'health'],
  ['endpoint', 'hashkv'],
  ['member', 'list'],
  ['alarm', 'list'],
  ['version'],
];

export function isReadOnly([program, ...rest]: readonly string[]): boolean {
  if (program !== 'etcdctl') return false;
  // A word that belongs to a flag must not be taken for the command.
  const words = rest.filter((word) => !word.startsWith('-'));
  const flagsAreClosed = rest.every(
    (word) => !word.startsWith('-') || word.includes('=') || /^--(cluster|hex|insecure-skip-tls-verify)$/.test(word),
  );
  return (
    flagsAreClosed && readOnly.some((command) => command.length === words.length && command.every((word, index) => words[index] === word))
  );
}

/** Standard output of the command. @throws GapError when it may not run, cannot be started, or fails. */
export async function runInPod(api: Api, pod: string, container: string, argv: readonly string[], signal: AbortSignal): Promise<string> {
  const purpose: Purpose = {
    pod,
    what: `The command in ${pod}`,
    howToGet: `kubectl -n kube-system exec ${pod} -c ${container} -- ${argv.join(' ')}`,
  };
  if (!isReadOnly(argv))
    throw new GapError({ gap: 'denied', detail: `${argv.join(' ')} is no command that only reads.`, howToGet: purpose.howToGet });
  const query = new URLSearchParams([
    ['container', container],
    ['stdout', 'true'],
    ['stderr', 'true'],
    ...argv.map((word): [string, string] => ['command', word]),
  ]);
  const path = `/api/v1/namespaces/kube-system/pods/${encodeURIComponent(pod)}/exec?${query}`;
  try {
    const channel = await openPodStream(api, path, 'v4.channel.k8s.io', purpose, signal);
    try {
      const streams = await collect(channel, signal);
      return outputOf(streams, purpose);
    } finally {
      channel.close();
    }
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
    throw new GapError({ gap: 'timeout', detail: `${purpose.what} was stopped before it was due.`, howToGet: purpose.howToGet });
  }
}

/** What came on each stream (1 output, 2 complaints, 3 status); `late` as status when it took too long. */
function collect(channel: Channel, signal: AbortSignal): Promise<readonly string[]> {
  const texts = ['', '', '', ''];
  return waitFor<readonly string[]>({
    milliseconds: limit,
    signal,
    begin: (settle) => {
      const message = (stream: number, payload: Buffer): void => {
        if ((texts[stream] ?? '').length < outputLimit) texts[stream] = `${texts[stream] ?? ''}${payload.toString('utf8')}`;
        if (stream === 3) settle(texts);
      };
      channel.listen({ message, end: () => settle(texts) });
      return () => {};
    },
    late: () => ['', '', '', 'late'],
  });
}

function outputOf([, output = '', complaint = '', status = '']: readonly string[], { what, howToGet }: Purpose): string {
  if (status === 'late') throw new GapError({ gap: 'timeout', detail: `${what} did not end within ${limit / 1000} s.`, howToGet });
  if (status.includes('"status":"Success"')) return output;
  const line = (complaint || status).trim().split('\n').at(-1)?.slice(0, 300) ?? '';
  throw new GapError({ gap: 'failed', detail: `${what} failed: ${line || 'the stream ended early'}.`, howToGet });
}
