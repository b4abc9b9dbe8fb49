// How is the address in the kubeconfig dialled, and which names would a client accept there?
import { isIP } from 'node:net';
import { deadlines, type Identity, type Request } from '../../sources/source.ts';
import type { Surroundings } from '../probe.ts';
import { gap } from './gaps.ts';

export type EntryRequest = Omit<Request, 'signal'>;

/**
 * A request to one of the entry's addresses that looks like kubectl's own.
 * @throws GapError when there is no entry.
 */
export function entryRequest(around: Surroundings, address: string, path: string, identity: Identity): EntryRequest {
  const kubeconfig = around.value('operator.kubeconfig');
  const entry = around.topology.entry;
  if (kubeconfig === undefined || entry === undefined)
    throw gap('absent', 'no kubeconfig names an address of the API', '--kubeconfig <file>');
  const url = new URL(kubeconfig.server);
  const name = kubeconfig.tlsServerName ?? entry.host;
  return {
    scheme: url.protocol === 'http:' ? 'http' : 'https',
    host: address,
    port: entry.port,
    path: `${url.pathname.replace(/\/+$/, '')}${path}`,
    headers: { host: url.host },
    identity,
    ...(isIP(name) === 0 ? { serverName: name } : {}),
    deadlines: deadlines.health,
  };
}

/** One is enough for a client that goes through the kubeconfig. */
export function entryNames(around: Surroundings): readonly string[] {
  const name = around.value('operator.kubeconfig')?.tlsServerName ?? around.topology.entry?.host;
  return name === undefined ? [] : [name];
}

/** Names that an API server reached by its own address may show: that address, or what the kubeconfig asks for. */
export function masterNames(around: Surroundings, host: string): readonly string[] {
  return [host, ...entryNames(around)];
}
