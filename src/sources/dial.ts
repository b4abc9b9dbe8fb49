// Does a TCP connection come about, and if not, why not?
import { joinAddress } from '../model/address.ts';
import { lookup } from 'node:dns';
import net from 'node:net';
import { failureOf, OwnLimit, ownLimit, type RawFailure } from './failure.ts';
import { waitFor } from './limit.ts';

export type Dialled =
  | { readonly kind: 'connected'; readonly socket: net.Socket; readonly address: string }
  | { readonly kind: 'failed'; readonly address: string; readonly failure: RawFailure };

/**
 * Resolves and connects within the limit (milliseconds, both together). A name with several addresses shares
 * what is left among them, in the resolver's order, as Go's dialler does.
 * @throws Stopped when the signal fires; GapError when this machine itself stood in the way of every address.
 */
export async function dial(named: string, port: number, milliseconds: number, signal: AbortSignal): Promise<Dialled> {
  const host = named.replace(/^\[(.*)\]$/, '$1');
  const end = performance.now() + milliseconds;
  const found: Resolved = net.isIP(host) ? { addresses: [host] } : await resolve(host, milliseconds, signal);
  if ('failure' in found) return { kind: 'failed', address: joinAddress(host, port), failure: found.failure };
  let last: Dialled | undefined;
  let own: OwnLimit | undefined;
  for (const [index, address] of found.addresses.entries()) {
    const share = Math.max(1, (end - performance.now()) / (found.addresses.length - index));
    const next = await connectOrGap(address, port, share, signal);
    if (next instanceof OwnLimit) own = next;
    else if (next.kind === 'connected') return next;
    else last = next;
  }
  // One address that cannot be used from here, such as ::1 without IPv6, takes nothing from what the others showed.
  if (last === undefined && own !== undefined) throw own;
  return last ?? { kind: 'failed', address: joinAddress(host, port), failure: { why: 'dns', detail: `the name ${host} has no address` } };
}

type Resolved = { readonly addresses: readonly string[] } | { readonly failure: RawFailure };

function resolve(host: string, milliseconds: number, signal: AbortSignal): Promise<Resolved> {
  return waitFor<Resolved>({
    milliseconds,
    signal,
    begin: (settle, fail) => {
      lookup(host, { all: true }, (error, addresses) => {
        const own = error && ownLimit(error, host);
        if (own) return fail(own);
        settle(
          error ? { failure: failureOf(error, 'connect', host) } : { addresses: [...new Set(addresses.map((entry) => entry.address))] },
        );
      });
      return () => {};
    },
    late: () => ({ failure: { why: 'dns', detail: `the name ${host} was not resolved within ${Math.round(milliseconds)} ms` } }),
  });
}

async function connectOrGap(address: string, port: number, milliseconds: number, signal: AbortSignal): Promise<Dialled | OwnLimit> {
  try {
    return await connect(address, port, milliseconds, signal);
  } catch (error) {
    if (error instanceof OwnLimit) return error;
    throw error;
  }
}

function connect(host: string, port: number, milliseconds: number, signal: AbortSignal): Promise<Dialled> {
  const address = joinAddress(host, port);
  const failed = (failure: RawFailure): Dialled => ({ kind: 'failed', address, failure });
  return waitFor<Dialled>({
    milliseconds,
    signal,
    begin: (settle, fail) => {
      const socket = net.connect({ host, port, noDelay: true });
      let connected = false;
      const onConnect = (): void => {
        connected = true;
        settle({ kind: 'connected', socket, address });
      };
      const onError = (error: Error): void => {
        const own = ownLimit(error, address);
        if (own) fail(own);
        else settle(failed(failureOf(error, 'connect', address)));
      };
      socket.once('connect', onConnect);
      socket.once('error', onError);
      return () => {
        socket.off('connect', onConnect);
        socket.off('error', onError);
        if (!connected) abandon(socket);
      };
    },
    late: () => failed({ why: 'timeout', detail: `${address} did not accept a TCP connection within ${Math.round(milliseconds)} ms` }),
  });
}

/** Ends a socket for good; whatever it still has to complain about concerns nobody. */
export function abandon(socket: net.Socket): void {
  socket.on('error', () => {});
  socket.destroy();
}
