// How far does a connection get: TCP, a proxy's tunnel, TLS, and who is on the other side?
import type { X509Certificate } from 'node:crypto';
import net from 'node:net';
import tls from 'node:tls';
import type { Connections, Open } from './connections.ts';
import { abandon, dial } from './dial.ts';
import { failureOf, ownLimit, type RawFailure } from './failure.ts';
import { waitFor } from './limit.ts';
import { type ProxyServer, tunnel } from './proxy.ts';
import type { Deadlines } from './source.ts';

export interface Target {
  readonly scheme: 'https' | 'http';
  readonly host: string;
  readonly port: number;
  /** Sent as SNI when it is a name; an address is sent without. */
  readonly serverName?: string;
  readonly context: tls.SecureContext;
  readonly protocols?: readonly string[];
  readonly proxy?: ProxyServer;
  /** Where a connection to the same server as the same client may be found, and left for others. */
  readonly reuse?: { readonly connections: Connections; readonly key: string };
  /** Runs after the handshake and before anything is sent; a sentence ends the connection. */
  readonly check?: (socket: tls.TLSSocket) => string | undefined;
  /** With this one it is made once more after an objection: it can judge what the other one cannot. */
  readonly thorough?: () => tls.SecureContext;
}

type Refused = Extract<Opened, { kind: 'failed' }>;

export type Opened =
  | Open
  | {
      readonly kind: 'failed';
      readonly address: string;
      readonly connected: boolean;
      readonly chain: readonly string[];
      readonly failure: RawFailure;
      /** It was our own check that ended it. */
      readonly objected?: true;
    };

/**
 * Opens a connection, each phase under its own deadline.
 * @throws Stopped when the signal fires before that; GapError when this machine itself stands in the way.
 */
export async function openConnection(target: Target, limits: Deadlines, signal: AbortSignal): Promise<Opened> {
  const opened = await openOnce(target, limits, signal);
  if (opened.kind === 'open' || opened.objected !== true || target.thorough === undefined) return opened;
  return openOnce({ ...target, context: target.thorough() }, limits, signal);
}

async function openOnce(target: Target, limits: Deadlines, signal: AbortSignal): Promise<Opened> {
  const dialled = target.proxy
    ? await tunnel(target.proxy, target.host, target.port, limits.connect, signal)
    : await dial(target.host, target.port, limits.connect, signal);
  if (dialled.kind === 'failed') return { ...dialled, connected: false, chain: [] };
  if (target.scheme === 'http') return { kind: 'open', socket: dialled.socket, address: dialled.address, chain: [] };
  try {
    return await handshake(dialled.socket, dialled.address, target, limits.tls, signal);
  } catch (error) {
    abandon(dialled.socket);
    throw error;
  }
}

function handshake(raw: net.Socket, address: string, target: Target, milliseconds: number, signal: AbortSignal): Promise<Opened> {
  const name = target.serverName ?? target.host;
  const socket = tls.connect({
    socket: raw,
    secureContext: target.context,
    // Judging who may be trusted is not the transport's business; `check` decides where a credential is at stake.
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
    ...(!net.isIP(name) && { servername: name }),
    ...(target.protocols && { ALPNProtocols: [...target.protocols] }),
  });
  socket.on('error', () => {});
  const failed = (failure: RawFailure): Refused => ({ kind: 'failed', address, connected: true, chain: chainOf(socket), failure });
  return waitFor<Opened>({
    milliseconds,
    signal,
    begin: (settle, fail) => {
      let keep = false;
      const onSecure = (): void => {
        const objection = target.check?.(socket);
        keep = objection === undefined;
        if (objection === undefined) settle({ kind: 'open', socket, address, chain: chainOf(socket) });
        else settle({ ...failed({ why: 'tls', detail: objection }), objected: true });
      };
      const onError = (error: Error): void => {
        const own = ownLimit(error, address);
        if (own) fail(own);
        else settle(failed(failureOf(error, 'tls', address)));
      };
      socket.once('secureConnect', onSecure);
      socket.once('error', onError);
      return () => {
        socket.off('secureConnect', onSecure);
        socket.off('error', onError);
        if (!keep) {
          abandon(socket);
          abandon(raw);
        }
      };
    },
    late: () => failed({ why: 'hung', detail: `${address} accepted TCP, but TLS got no answer within ${Math.round(milliseconds)} ms` }),
  });
}

/** A peer's certificates are taken out of the connection when they are first asked for. */
const shown = new WeakMap<tls.TLSSocket, readonly X509Certificate[]>();

/** The certificates as sent, leaf first; none when the connection has ended before it showed any. */
export function certificatesOf(socket: tls.TLSSocket): readonly X509Certificate[] {
  const known = shown.get(socket);
  if (known !== undefined) return known;
  const chain: X509Certificate[] = [];
  // Not getPeerCertificate: it spells out every field of every certificate, which takes longer than the rest of our handshake.
  for (let one = socket.getPeerX509Certificate(); one !== undefined && chain.length < 10; one = one.issuerCertificate) chain.push(one);
  if (chain.length > 0) shown.set(socket, chain);
  return chain;
}

/** The same, DER in base64. Readable even after the peer refused us with an alert. */
export function chainOf(socket: tls.TLSSocket): string[] {
  return [...new Set(certificatesOf(socket).map((one) => one.raw.toString('base64')))];
}
