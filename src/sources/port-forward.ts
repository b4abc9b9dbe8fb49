// What does a port inside a pod answer to one GET, asked through the API server and the kubelet?
import { Duplex } from 'node:stream';
import { exchangeOver } from './attempt.ts';
import type { RawFailure } from './failure.ts';
import type { Api } from './kubernetes.ts';
import { Stopped } from './limit.ts';
import { openPodStream, type Purpose } from './pod-stream.ts';
import { GapError, type RawTry } from './source.ts';
import type { Channel } from './websocket.ts';

/** Stream numbers of the only port that is forwarded. */
const dataStream = 0;
const errorStream = 1;
/** Milliseconds for the first byte of HTTP once the forward is open; a member that just lost its leader takes 1.02 s. */
const firstByte = 1500;

/**
 * One GET in plain HTTP. A port that refuses or stays silent inside the pod is a RawTry with a failure.
 * @throws GapError when the forward itself cannot be opened.
 */
export async function getForwarded(api: Api, pod: string, port: number, path: string, signal: AbortSignal): Promise<RawTry> {
  const purpose: Purpose = { pod, what: `The port-forward to ${pod}`, howToGet: `kubectl -n kube-system port-forward ${pod} ${port}` };
  const url = `/api/v1/namespaces/kube-system/pods/${encodeURIComponent(pod)}/portforward?ports=${port}`;
  try {
    const channel = await openPodStream(api, url, 'v4.channel.k8s.io', purpose, signal);
    const stream = new PodPort(channel);
    const sentAt = Date.now();
    try {
      const ended = await exchangeOver(stream, 'localhost', port, { method: 'GET', path, headers: {} }, firstByte, signal);
      const receivedAt = Date.now();
      const failure = 'failure' in ended ? (stream.complaint ? failureIn(stream.complaint, pod, port, purpose) : ended.failure) : undefined;
      const about = { address: `${pod}:${port}`, sentAt, receivedAt, connected: failure?.why !== 'refused', chain: [] };
      if (failure) return { ...about, failure: { ...failure, detail: failure.detail.replace(`localhost:${port}`, `${pod}:${port}`) } };
      return 'answer' in ended ? { ...about, answer: ended.answer } : { ...about, failure: ended.failure };
    } finally {
      stream.on('error', () => {}).destroy();
    }
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
    throw new GapError({ gap: 'timeout', detail: `${purpose.what} was stopped before it was due.`, howToGet: purpose.howToGet });
  }
}

/** The forwarded port as a stream that HTTP can be spoken on. */
class PodPort extends Duplex {
  readonly #channel: Channel;
  readonly #skip = [2, 2];
  /** What the kubelet wrote about the forward, if anything. */
  complaint = '';

  constructor(channel: Channel) {
    super();
    this.#channel = channel;
    channel.listen({ message: (stream, payload) => this.#take(stream, payload), end: () => this.#finish() });
  }

  /** Each stream begins with the number of the port in two bytes. */
  #take(stream: number, payload: Buffer): void {
    const skip = Math.min(this.#skip[stream] ?? 0, payload.length);
    this.#skip[stream] = (this.#skip[stream] ?? 0) - skip;
    const rest = payload.subarray(skip);
    if (rest.length === 0) return;
    if (stream === dataStream) this.push(rest);
    if (stream !== errorStream) return;
    this.complaint += rest.toString('utf8');
    this.destroy(new Error(this.complaint));
  }

  #finish(): void {
    if (!this.readableEnded && !this.destroyed) this.push(null);
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#channel.send(dataStream, chunk);
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#channel.close();
    done(error);
  }
}

/** @throws GapError where it is not the port in the pod that the kubelet complains about. */
function failureIn(complaint: string, pod: string, port: number, purpose: Purpose): RawFailure {
  if (/connection refused/i.test(complaint)) return { why: 'refused', detail: `${pod}:${port} refused the connection inside the pod` };
  if (/connection reset|broken pipe/i.test(complaint))
    return { why: 'reset', detail: `${pod}:${port} reset the connection inside the pod` };
  if (/i\/o timeout|deadline exceeded/i.test(complaint))
    return { why: 'timeout', detail: `${pod}:${port} did not accept a connection inside the pod` };
  throw new GapError({
    gap: 'failed',
    detail: `${purpose.what} broke: ${complaint.replace(/\s+/g, ' ').slice(0, 300)}.`,
    howToGet: purpose.howToGet,
  });
}
