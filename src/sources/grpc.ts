// What does a gRPC service answer to one unary call?
import http2 from 'node:http2';
import type net from 'node:net';
import tls from 'node:tls';
import { failedTry } from './attempt.ts';
import { openConnection, type Target } from './connection.ts';
import { abandon } from './dial.ts';
import { failureOf, ownLimit, type RawFailure } from './failure.ts';
import { waitFor } from './limit.ts';
import { deadlines, type GrpcOptions, type RawTry } from './source.ts';

/** Longest message taken in, in bytes; etcd's own limit for requests is 1.5 MiB, answers we ask for are far smaller. */
const messageLimit = 4 * 1024 * 1024;

type Reply = Pick<RawTry, 'answer' | 'bytes'> | { readonly failure: RawFailure };

/**
 * One call, such as `etcdserverpb.Maintenance/Status`; `firstByte` bounds the call itself. The answer carries the
 * HTTP status and the headers and trailers together (`grpc-status`, `grpc-message`), `bytes` the message if any.
 * @throws Stopped when the signal fires first.
 */
export async function callGrpc(
  target: Target,
  method: string,
  message: Uint8Array,
  options: GrpcOptions,
  signal: AbortSignal,
): Promise<RawTry> {
  const limits = options.deadlines ?? deadlines.usual;
  const began = Date.now();
  const opened = await openConnection({ ...target, protocols: ['h2'] }, limits, signal);
  if (opened.kind === 'failed') return failedTry(opened, began);
  const { socket, address, chain } = opened;
  const sentAt = Date.now();
  try {
    const reply = await unary({ socket, target, address, method, message, metadata: options.metadata ?? {} }, limits.firstByte, signal);
    return { address, sentAt, receivedAt: Date.now(), connected: true, chain, ...reply };
  } finally {
    abandon(socket);
  }
}

interface Call {
  readonly socket: net.Socket;
  readonly target: Target;
  readonly address: string;
  readonly method: string;
  readonly message: Uint8Array;
  readonly metadata: Readonly<Record<string, string>>;
}

function unary(call: Call, milliseconds: number, signal: AbortSignal): Promise<Reply> {
  const { socket, target, address } = call;
  if (socket instanceof tls.TLSSocket && socket.alpnProtocol !== 'h2') {
    return Promise.resolve({ failure: { why: 'protocol', detail: `${address} does not speak HTTP/2` } });
  }
  const session = http2.connect(`${target.scheme}://${address}`, { createConnection: () => socket });
  session.on('error', () => {});
  return waitFor<Reply>({
    milliseconds,
    signal,
    begin: (settle, reject) => {
      const fail = (error: Error): void => {
        const own = ownLimit(error, address);
        if (own) reject(own);
        else settle({ failure: failureOf(error, 'http', address) });
      };
      session.on('error', fail);
      session.once('close', () => settle({ failure: { why: 'closed', detail: `${address} closed the connection before it answered` } }));
      collect(session, call, settle, fail);
      return () => session.destroy();
    },
    late: () => ({
      failure: { why: 'timeout', detail: `${address} is connected, but gRPC got no answer within ${Math.round(milliseconds)} ms` },
    }),
  });
}

function collect(
  session: http2.ClientHttp2Session,
  { method, message, metadata }: Call,
  settle: (reply: Reply) => void,
  fail: (error: Error) => void,
): void {
  const stream = session.request({
    ':method': 'POST',
    ':path': `/${method.replace(/^\//, '')}`,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...metadata,
  });
  const headers: Record<string, string> = {};
  const chunks: Buffer[] = [];
  let status = 0;
  let size = 0;
  const note = (received: http2.IncomingHttpHeaders): void => {
    for (const [name, value] of Object.entries(received)) {
      if (value !== undefined && !name.startsWith(':')) headers[name] = String(value);
    }
  };
  stream.on('response', (received) => {
    status = Number(received[':status'] ?? 0);
    note(received);
  });
  stream.on('trailers', note);
  stream.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    size += chunk.length;
    if (size > messageLimit) fail(new Error(`the gRPC answer is longer than ${messageLimit} bytes`));
  });
  stream.on('error', fail);
  stream.on('end', () => {
    const bytes = firstMessage(Buffer.concat(chunks));
    settle({ answer: { status, headers, body: '' }, ...(bytes && { bytes: bytes.toString('base64') }) });
  });
  const frame = Buffer.alloc(5 + message.length);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, 5);
  stream.end(frame);
}

/** A frame is one byte of compression (never asked for), four of length, and the message. */
function firstMessage(body: Buffer): Buffer | undefined {
  if (body.length < 5) return undefined;
  const length = body.readUInt32BE(1);
  return body.length >= 5 + length ? body.subarray(5, 5 + length) : undefined;
}
