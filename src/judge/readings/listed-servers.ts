// Does every list of servers that a load balancer has name the API servers, all of them and nothing else?
import type { Seen } from '../../model/rule.ts';
import { leadsTo, type Master } from '../../model/topology.ts';
import { splitAddress } from '../topology/build.ts';
import { readApiServer, servesClients } from './api-server.ts';
import { backendsOf, isEnvoy, noBalancer } from './backend.ts';
import { apiPathsOf } from './balancer-files.ts';

export type ListEvidence = 'lb.stats' | 'lb.config' | 'lb.envoy' | 'lb.strangers' | 'api.ready' | 'kube.nodes';

export interface ServerList {
  /** `HAProxy now`, `lb1 /etc/haproxy/haproxy.cfg`. */
  readonly whose: string;
  readonly live: boolean;
  readonly servers: readonly Listed[];
}

export interface Listed {
  readonly name: string;
  /** host:port; empty where HAProxy does not show it. */
  readonly address: string;
  readonly master?: Master;
  /** A name that nobody resolved may stand for anything. */
  readonly isOpen: boolean;
}

/** Every list that was seen; empty where nobody saw one. */
export function serverListsOf(seen: Seen<ListEvidence>): readonly ServerList[] {
  return [fromStats, fromEnvoy, fromFiles].flatMap((lists) => seen.attempt(() => lists(seen)) ?? []);
}

function fromStats(seen: Seen<ListEvidence>): readonly ServerList[] {
  if (noBalancer(seen) || isEnvoy(seen)) return [];
  const servers = backendsOf(seen).map(({ row, master }) => {
    if (row.address !== '') return listed(seen, row.server, row.address);
    return { name: row.server, address: '', isOpen: master === undefined, ...(master !== undefined && { master }) };
  });
  return [{ whose: 'HAProxy now', live: true, servers }];
}

function fromEnvoy(seen: Seen<ListEvidence>): readonly ServerList[] {
  const hosts = seen.get('lb.envoy').hosts.map((host) => ({ ...listed(seen, host.address, host.address), cluster: host.cluster }));
  const clusters = new Set(hosts.filter((host) => host.master !== undefined).map((host) => host.cluster));
  return clusters.size === 0 ? [] : [{ whose: 'Envoy now', live: true, servers: hosts.filter((host) => clusters.has(host.cluster)) }];
}

function fromFiles(seen: Seen<ListEvidence>): readonly ServerList[] {
  return apiPathsOf(seen).map(({ node, file, servers }) => ({
    whose: node === file ? file : `${node} ${file}`,
    live: false,
    servers: servers.map((server) => listed(seen, server.name, server.address)),
  }));
}

function listed(seen: Seen, name: string, address: string): Listed {
  const place = splitAddress(address, 0);
  const master = seen.topology.masters.find((one) => leadsTo(one, place?.host) || one.subject.name === place?.host);
  const isAddress = place !== undefined && /^[\d.]+$|:/.test(place.host);
  return { name, address, isOpen: master === undefined && !isAddress, ...(master !== undefined && { master }) };
}

export type Deviation = 'foreign' | 'stranger' | 'port' | 'absent' | 'differs' | 'not-loaded';

export interface Difference {
  readonly kind: Deviation;
  readonly whose: string;
  readonly name: string;
  readonly address: string;
  readonly node: string;
}

/** Worst first. `unknown`: masters of whom nobody knows whether they serve, and that some list lacks. */
export function differencesIn(seen: Seen<ListEvidence>, lists: readonly ServerList[]) {
  const { masters } = seen.topology;
  const found: Difference[] = [];
  const unknown = new Set<string>();
  for (const { whose, servers } of lists) {
    const lacking = masters.filter((master) => !servers.some((one) => one.master === master || one.isOpen));
    const split = seen.tally(lacking, (master) => servesClients(readApiServer(seen, master)));
    for (const { subject } of split.yes) found.push({ kind: 'absent', whose, name: subject.name, address: subject.id, node: subject.name });
    for (const { subject } of split.unknown) unknown.add(subject.name);
    for (const one of servers) {
      const kind = oddity(seen, one);
      if (kind !== undefined) found.push({ kind, whose, name: one.name, address: one.address, node: one.master?.subject.name ?? '' });
    }
  }
  found.push(...disagreements(lists));
  const order: readonly Deviation[] = ['foreign', 'stranger', 'port', 'absent', 'differs', 'not-loaded'];
  return { found: found.sort((one, other) => order.indexOf(one.kind) - order.indexOf(other.kind)), unknown: [...unknown] };
}

function oddity(seen: Seen<ListEvidence>, { address, master, isOpen }: Listed): Deviation | undefined {
  if (address === '' || isOpen) return undefined;
  if (master !== undefined) return isItsPort(master, splitAddress(address, 0)) ? undefined : 'port';
  if (!seen.topology.mastersComplete) return undefined;
  return isForeign(seen, address) ? 'foreign' : 'stranger';
}

/** The port behind that very address, or, by its name, behind any. */
function isItsPort(master: Master, place: { readonly host: string; readonly port: number } | undefined): boolean {
  if (leadsTo(master, place?.host)) return leadsTo(master, place?.host, place?.port);
  return master.doors.some(({ port }) => port === place?.port);
}

/** An API server that another authority vouches for. */
function isForeign(seen: Seen<ListEvidence>, address: string): boolean {
  const strangers = seen.peek('lb.strangers');
  const last = strangers?.state === 'known' ? strangers.value.strangers.find((one) => one.address === address)?.last : undefined;
  return last?.trust.kind === 'untrusted' && last.trust.why === 'unknown-authority';
}

/** Two files that differ, or a running balancer that has not read its file again. */
function disagreements(lists: readonly ServerList[]): readonly Difference[] {
  const [first, ...others] = lists.filter((list) => !list.live);
  if (first === undefined) return [];
  const key = (list: ServerList): string => list.servers.map(identify).sort().join();
  const differing = others.filter((list) => key(list) !== key(first));
  if (differing.length > 0)
    return differing.map((list) => ({ kind: 'differs', whose: list.whose, name: first.whose, address: '', node: '' }));
  const running = lists.filter((list) => list.live && list.servers.every((one) => one.address !== ''));
  return running
    .filter((list) => key(list) !== key(first))
    .map((list) => ({ kind: 'not-loaded', whose: list.whose, name: first.whose, address: '', node: '' }));
}

function identify({ address, master }: Listed): string {
  return master === undefined ? address : `${master.subject.name} ${splitAddress(address, 0)?.port ?? ''}`;
}
