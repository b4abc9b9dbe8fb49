// What comes back from one HTTP request, and where does it end when nothing does?
import { joinAddress } from '../model/address.ts';
import http from 'node:http';
import type { Duplex } from 'node:stream';
import { type Opened, openConnection, type Target } from './connection.ts';
import type { Open } from './connections.ts';
import { abandon } from './dial.ts';
import { failureOf, ownLimit, type RawFailure } from './failure.ts';
import { waitFor } from './limit.ts';
import type { Deadlines, RawTry } from './source.ts';

/** Longest body that is taken in, in bytes. */
const bodyLimit = 8 * 1024 * 1024;
/** From an API server that has proved itself: a page of 500 nodes with their images and the counters of a large cluster are longer. */
export const provenBodyLimit = 64 * 1024 * 1024;

/** How audit logs name us. */
export const userAgent = 'ha-doctor';

export interface Message {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string;
}

type Answer = NonNullable<RawTry['answer']>;
export type Ended = { readonly answer: Answer } | { readonly failure: RawFailure };

/**
 * One try from name resolution to the last byte, over a connection of its own unless `target.reuse` knows one that is open.
 * Whatever the network does becomes part of the result; the phases keep their own deadlines, the body the signal's.
 * @throws Stopped when the signal fires before a deadline has passed; GapError when this machine itself stands in the way.
 */
export async function attempt(
  target: Target,
  message: Message,
  limits: Deadlines,
  signal: AbortSignal,
  limit = bodyLimit,
): Promise<RawTry> {
  if (target.reuse === undefined) return attemptAnew(target, message, limits, signal, limit);
  const { connections, key } = target.reuse;
  const found = await connections.take(key, signal);
  if (found !== undefined) {
    const tried = await attemptOver(found, target, message, limits, signal, limit);
    // A server may have ended the connection just before it was used: that says nothing about the next one.
    if (tried.failure === undefined || !['reset', 'closed'].includes(tried.failure.why)) return tried;
    connections.join(key);
  }
  return attemptAnew(target, message, limits, signal, limit);
}

async function attemptAnew(target: Target, message: Message, limits: Deadlines, signal: AbortSignal, limit: number): Promise<RawTry> {
  const began = Date.now();
  let opened: Opened | undefined;
  try {
    opened = await openConnection(target, limits, signal);
  } finally {
    if (opened?.kind !== 'open') target.reuse?.connections.drop(target.reuse.key);
  }
  if (opened.kind === 'failed') return failedTry(opened, began);
  return attemptOver(opened, target, message, limits, signal, limit);
}

async function attemptOver(
  open: Open,
  target: Target,
  message: Message,
  limits: Deadlines,
  signal: AbortSignal,
  limit: number,
): Promise<RawTry> {
  const { socket, address, chain } = open;
  const times = { sentAt: Date.now(), receivedAt: 0 };
  let reusable = false;
  try {
    const exchange = new Exchange(socket, target, message, address, limit);
    const headers = await exchange.first(limits.firstByte, signal);
    times.receivedAt = Date.now();
    if ('response' in headers) target.reuse?.connections.move(target.reuse.key);
    const ended: Ended = 'failure' in headers ? headers : await exchange.rest(headers.response, signal);
    reusable = 'response' in headers && headers.response.complete && headers.response.headers.connection !== 'close' && 'answer' in ended;
    return { address, ...times, connected: true, chain, ...ended };
  } finally {
    leave(open, target, reusable);
  }
}

function leave(open: Open, { reuse }: Target, reusable: boolean): void {
  if (reuse !== undefined && reusable) {
    reuse.connections.give(reuse.key, open);
    return;
  }
  abandon(open.socket);
  reuse?.connections.drop(reuse.key);
}

/** The same over a stream that is already open; its end is the caller's business. @throws Stopped */
export async function exchangeOver(
  stream: Duplex,
  host: string,
  port: number,
  message: Message,
  firstByte: number,
  signal: AbortSignal,
): Promise<Ended> {
  const exchange = new Exchange(stream, { scheme: 'http', host, port }, message, joinAddress(host, port), bodyLimit);
  const headers = await exchange.first(firstByte, signal);
  return 'failure' in headers ? headers : exchange.rest(headers.response, signal);
}

export function failedTry(opened: Extract<Opened, { kind: 'failed' }>, sentAt: number): RawTry {
  const { address, connected, chain, failure } = opened;
  return { address, sentAt, receivedAt: Date.now(), connected, chain, failure };
}

/** A request on a connection that is already there. */
class Exchange {
  readonly #request: http.ClientRequest;
  readonly #address: string;
  readonly #socket: Duplex;
  readonly #scheme: 'http' | 'https';
  readonly #limit: number;

  constructor(
    socket: Duplex,
    target: Pick<Target, 'scheme' | 'host' | 'port' | 'reuse'>,
    message: Message,
    address: string,
    limit: number,
  ) {
    const body = message.body === undefined ? undefined : Buffer.from(message.body);
    this.#address = address;
    this.#socket = socket;
    this.#scheme = target.scheme;
    this.#limit = limit;
    this.#request = http.request({
      createConnection: () => socket,
      method: message.method,
      path: message.path,
      setHost: false,
      headers: {
        'User-Agent': userAgent,
        Host: joinAddress(target.host, target.port),
        Connection: target.reuse === undefined ? 'close' : 'keep-alive',
        ...(body && { 'Content-Length': String(body.length) }),
        ...message.headers,
      },
    });
    // A wait that was stopped before it began listens to nobody, and an error that nobody hears ends the program.
    this.#request.on('error', () => {});
    this.#request.end(body);
  }

  first(
    milliseconds: number,
    signal: AbortSignal,
  ): Promise<{ readonly response: http.IncomingMessage } | { readonly failure: RawFailure }> {
    const request = this.#request;
    return waitFor<{ readonly response: http.IncomingMessage } | { readonly failure: RawFailure }>({
      milliseconds,
      signal,
      begin: (settle, fail) => {
        const onResponse = (response: http.IncomingMessage): void => settle({ response });
        const onError = (error: Error): void => {
          const own = ownLimit(error, this.#address);
          if (own) fail(own);
          else settle({ failure: failureOf(error, 'http', this.#address) });
        };
        request.once('response', onResponse).once('error', onError);
        return () => {
          request.off('response', onResponse).off('error', onError);
        };
      },
      late: () => ({ failure: this.#silence(milliseconds) }),
    });
  }

  rest(response: http.IncomingMessage, signal: AbortSignal): Promise<Ended> {
    const chunks: Buffer[] = [];
    let size = 0;
    return waitFor<Ended>({
      milliseconds: 60_000,
      signal,
      begin: (settle) => {
        response.on('data', (chunk: Buffer) => {
          chunks.push(chunk);
          size += chunk.length;
          if (size > this.#limit)
            settle({ failure: { why: 'protocol', detail: `the answer of ${this.#address} is longer than ${this.#limit} bytes` } });
        });
        response.once('end', () => settle({ answer: answerOf(response, Buffer.concat(chunks)) }));
        response.once('error', (error) => settle({ failure: this.#cut(response, error) }));
        return () => {
          response.removeAllListeners();
          response.on('error', () => {});
        };
      },
      late: () => ({ failure: { why: 'timeout', detail: `the answer of ${this.#address} began, but did not end within 60 s` } }),
    });
  }

  #silence(milliseconds: number): RawFailure {
    const wait = `within ${Math.round(milliseconds)} ms`;
    const heard = 'bytesRead' in this.#socket && this.#socket.bytesRead !== 0;
    return this.#scheme === 'http' && !heard
      ? { why: 'hung', detail: `${this.#address} accepted TCP, but sent not a byte ${wait}` }
      : { why: 'timeout', detail: `${this.#address} is connected, but the HTTP request got no answer ${wait}` };
  }

  #cut(response: http.IncomingMessage, error: Error): RawFailure {
    const { why } = failureOf(error, 'http', this.#address);
    return { why, detail: `${this.#address} answered HTTP ${response.statusCode}, but broke off before the end` };
  }
}

function answerOf(response: http.IncomingMessage, body: Buffer): Answer {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(response.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return { status: response.statusCode ?? 0, headers, body: body.toString('utf8') };
}
