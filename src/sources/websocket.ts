// How are a pod's streams carried over the Kubernetes API, bounded in time and torn down whole?
import { createHash, randomBytes } from 'node:crypto';
import http from 'node:http';
import type net from 'node:net';
import { userAgent } from './attempt.ts';
import { openConnection, type Target } from './connection.ts';
import { abandon } from './dial.ts';
import { failureOf, type RawFailure } from './failure.ts';
import { waitFor } from './limit.ts';
import { FrameReader, writeFrame } from './websocket-frames.ts';
import type { Deadlines } from './source.ts';
import type { Headers } from './operator.ts';

const acceptSalt = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const refusalLimit = 16_384;

export type Upgraded =
  | { readonly kind: 'open'; readonly channel: Channel }
  | { readonly kind: 'answered'; readonly status: number; readonly body: string }
  | { readonly kind: 'failed'; readonly connected: boolean; readonly secured: boolean; readonly failure: RawFailure };

/** What is done with what a channel brings. */
export interface Listener {
  readonly message: (stream: number, payload: Buffer) => void;
  /** Nothing more will come. */
  readonly end: (why: string) => void;
}

/** A connection on which every message begins with the number of its stream. */
export class Channel {
  readonly #socket: net.Socket;

  constructor(socket: net.Socket, head: Buffer) {
    this.#socket = socket;
    socket.on('error', () => {});
    if (head.length > 0) socket.unshift(head);
  }

  /** Nothing is read, and so nothing lost, before this is called. */
  listen({ message, end }: Listener): void {
    const reader = new FrameReader();
    this.#socket.on('data', (chunk: Buffer) => {
      for (const frame of reader.push(chunk)) {
        if (frame.kind === 'message' && frame.payload.length > 0) message(frame.payload[0] ?? 0, frame.payload.subarray(1));
        if (frame.kind === 'ping') this.#socket.write(writeFrame(10, frame.payload));
        if (frame.kind === 'close') end(frame.reason);
        if (frame.kind === 'broken') end('the stream is not well-formed');
      }
    });
    this.#socket.once('close', () => end('the connection was closed'));
    this.#socket.resume();
  }

  send(stream: number, payload: Buffer): void {
    this.#socket.write(writeFrame(2, Buffer.concat([Buffer.from([stream]), payload])));
  }

  close(): void {
    abandon(this.#socket);
  }
}

export interface Wish {
  readonly path: string;
  readonly headers: Headers;
  readonly protocol: string;
  /** Called when the server itself has been reached, so that the rest of the wait is for what lies behind it. */
  readonly reached: () => void;
}

/** @throws Stopped when the signal fires first. */
export async function openChannel(target: Target, wish: Wish, limits: Deadlines, signal: AbortSignal): Promise<Upgraded> {
  const { path, headers, protocol, reached } = wish;
  const opened = await openConnection(target, limits, signal);
  if (opened.kind === 'failed') return { kind: 'failed', connected: opened.connected, secured: false, failure: opened.failure };
  reached();
  const { socket, address } = opened;
  const key = randomBytes(16).toString('base64');
  let upgraded: Upgraded | undefined;
  try {
    const request = http.request({
      createConnection: () => socket,
      path,
      setHost: false,
      headers: {
        'User-Agent': userAgent,
        ...headers,
        Connection: 'Upgrade',
        Upgrade: 'websocket',
        'Sec-WebSocket-Version': '13',
        'Sec-WebSocket-Key': key,
        'Sec-WebSocket-Protocol': protocol,
      },
    });
    request.on('error', () => {});
    upgraded = await waitFor<Upgraded>({
      milliseconds: limits.firstByte,
      signal,
      begin: (settle) => upgrade(request, key, protocol, address, settle),
      late: () => late(address, limits),
    });
    return upgraded;
  } finally {
    if (upgraded?.kind !== 'open') abandon(socket);
  }
}

function late(address: string, { firstByte }: Deadlines): Upgraded {
  return {
    kind: 'failed',
    connected: true,
    secured: true,
    failure: { why: 'timeout', detail: `${address} opened no stream within ${firstByte} ms` },
  };
}

function upgrade(
  request: http.ClientRequest,
  key: string,
  protocol: string,
  address: string,
  settle: (result: Upgraded) => void,
): () => void {
  request.once('upgrade', (response, socket, head) => {
    const expected = createHash('sha1')
      .update(key + acceptSalt)
      .digest('base64');
    const fits = response.headers['sec-websocket-accept'] === expected && response.headers['sec-websocket-protocol'] === protocol;
    if (fits) return settle({ kind: 'open', channel: new Channel(socket as net.Socket, head) });
    settle({
      kind: 'failed',
      connected: true,
      secured: true,
      failure: { why: 'protocol', detail: `${address} does not speak ${protocol}` },
    });
  });
  request.once('response', (response) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => (chunks.length * 1024 < refusalLimit ? chunks.push(chunk) : response.destroy()));
    response.once('close', () =>
      settle({ kind: 'answered', status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }),
    );
    response.on('error', () => {});
  });
  request.once('error', (error) => settle({ kind: 'failed', connected: true, secured: true, failure: failureOf(error, 'http', address) }));
  request.end();
  return () => {
    request.removeAllListeners();
    request.on('error', () => {});
  };
}
