// Which API servers are there, and which addresses might be some?
import type { Hint } from '../../model/operator.ts';
import { joinAddress } from '../../model/address.ts';
import type { Door, LoadBalancer, Master, Origin, Platform } from '../../model/topology.ts';
import { isLoopback, type KnownEvidence, splitAddress } from './build.ts';
import { joinDoors, mayBeAlias } from './doors.ts';
import { apiServerAnnotation, type HostNames } from './host-names.ts';

const securePort = 6443;

interface Found {
  readonly masters: readonly Master[];
  readonly candidates: readonly Master[];
  readonly complete: boolean;
}

/** Listed and named masters count at once; guesses only once something there has proved to be one. */
export function findMasters(known: KnownEvidence, names: HostNames, entry: LoadBalancer | undefined, platform: Platform): Found {
  const found = new Map<string, Master>();
  const add = (address: string, origin: Origin): void => {
    const place = splitAddress(address, securePort);
    // What the cluster lists as its loopback is some other machine's; what the user names is reached from here.
    if (place === undefined || (isLoopback(place.host) && origin !== 'flag')) return;
    const id = joinAddress(place.host, place.port);
    const node = names.nodeOf(place.host);
    const door: Door = { ...place, origin };
    // A machine with several addresses runs one API server: the address it advertises is listed before the node's own.
    const isOnSameNode = ({ subject, doors }: Master): boolean =>
      subject.keys.node === node && doors.some((one) => one.origin === 'listed' || (one.origin === origin && origin === 'remembered'));
    // Whoever names several ports of one host means several API servers, as behind a tunnel or an address translation.
    const portCounts = ({ doors }: Master): boolean =>
      isLoopback(place.host) || (origin === 'flag' && doors.every((one) => one.origin === 'flag'));
    const isSamePlace = (master: Master): boolean => master.host === place.host && (master.port === place.port || !portCounts(master));
    const same = [...found.values()].find(isOnSameNode) ?? [...found.values()].find(isSamePlace);
    if (same === undefined) {
      found.set(id, { subject: { kind: 'apiserver', id, name: node, keys: { node, apiserver: id } }, ...door, doors: [door] });
    } else if (
      (origin === 'remembered' || isSamePlace(same)) &&
      !same.doors.some((one) => one.host === door.host && one.origin === origin)
    ) {
      // What is listed at an address that the user named is the same one, and now vouched for.
      found.set(same.subject.id, { ...same, doors: [...same.doors, door] });
    }
  };
  const flagged = (known.get('operator.hints')?.masters ?? []).filter((hint) => hint.from === 'flag');
  const [tunnels, named] = [flagged.filter(isTunnel), flagged.filter((hint) => !isTunnel(hint))];
  for (const hint of named) add(hint.address, 'flag');
  // A provider lists addresses of its own network, and shows its API servers at one address.
  const isManaged = platform.kind === 'managed';
  if (!isManaged) addListed(known, add);
  // Loopback addresses lead to masters by way of tunnels, or to the one the tool runs on: where the cluster lists its
  // masters these are the same ones under another name, and would count twice.
  if (found.size === 0) for (const hint of tunnels) add(hint.address, 'flag');
  for (const hint of known.get('operator.hints')?.masters ?? []) {
    if (hint.from !== 'flag' && !nodesAreListed(known)) add(hint.address, hint.from === 'remembered' ? 'remembered' : 'manifest');
  }
  const joined = isManaged ? [...found.values()] : joinDoors(known, entry, [...found.values()]);
  const aliases = nodesAreListed(known) ? joined.filter((one) => mayBeAlias(known, one, joined)) : [];
  const masters = joined.filter((one) => !aliases.includes(one));
  const guesses = found.size > 0 || isManaged ? [] : guess(known, names, entry);
  const confirmed = confirmGuesses(known, guesses, serversInFiles(known, entry));
  return {
    masters: sortById([...masters, ...confirmed]),
    candidates: sortById([...aliases, ...guesses.filter((one) => !confirmed.includes(one))]),
    complete: isManaged || nodesAreListed(known) || known.get('operator.hints')?.masters.some((hint) => hint.from === 'flag') === true,
  };
}

function isTunnel({ address }: Hint): boolean {
  return isLoopback(splitAddress(address, securePort)?.host ?? '');
}

function sortById(masters: readonly Master[]): readonly Master[] {
  return [...masters].sort((one, other) => (one.subject.id < other.subject.id ? -1 : 1));
}

function nodesAreListed(known: KnownEvidence): boolean {
  return known.get('kube.nodes')?.nodes.some((node) => node.controlPlane) === true;
}

function addListed(known: KnownEvidence, add: (address: string, origin: Origin) => void): void {
  for (const pod of known.get('kube.control-plane-pods')?.pods ?? []) {
    const endpoint = pod.annotations[apiServerAnnotation];
    if (pod.component === 'kube-apiserver') add(endpoint ?? joinAddress(pod.hostAddress, securePort), 'listed');
  }
  for (const address of known.get('kube.endpoints')?.addresses ?? []) add(address, 'listed');
  for (const node of known.get('kube.nodes')?.nodes ?? []) {
    const host = node.internalAddresses[0];
    if (node.controlPlane && host !== undefined) add(joinAddress(host, securePort), 'listed');
  }
}

/** Hosts of etcd members, addresses in the certificates seen through the load balancer, and servers its files lead to. */
function guess(known: KnownEvidence, names: HostNames, entry: LoadBalancer | undefined): readonly Master[] {
  const behind = serversInFiles(known, entry);
  const hosts = new Set<string>(behind.keys());
  for (const hint of known.get('operator.hints')?.members ?? []) {
    const place = splitAddress(hint.address, 2379);
    if (place !== undefined) hosts.add(place.host);
  }
  for (const host of listedMemberHosts(known)) hosts.add(host);
  for (const leaf of leavesSeenThrough(known)) for (const address of leaf.addresses) hosts.add(address);
  for (const host of hostsOfEntry(known, entry)) hosts.delete(host);
  return [...hosts]
    .filter((host) => !isLoopback(host))
    .map((host) => {
      const port = behind.get(host) ?? securePort;
      const id = joinAddress(host, port);
      const node = names.nodeOf(host);
      const door = { host, port, origin: 'guessed' } as const;
      return { subject: { kind: 'apiserver', id, name: node, keys: { node, apiserver: id } }, ...door, doors: [door] };
    });
}

/** By the members' own word. */
function listedMemberHosts(known: KnownEvidence): ReadonlySet<string> {
  const lists = known.every('etcd.members').flatMap(({ value }) => (value.kind === 'answered' ? value.members : []));
  return new Set(lists.flatMap(({ clientUrls }) => clientUrls.flatMap((url) => splitAddress(url, 2379)?.host ?? [])));
}

/** Host -> port, of the files that somebody named for this cluster; what lies here by chance may be another one's. */
function serversInFiles(known: KnownEvidence, entry: LoadBalancer | undefined): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const { from, content } of known.every('lb.config').flatMap((item) => item.value.files)) {
    if (from !== 'flag' || (content.kind !== 'haproxy' && content.kind !== 'nginx')) continue;
    for (const path of content.paths.filter(({ binds }) => binds.some((bind) => bind.port === entry?.port))) {
      for (const server of path.servers) {
        const place = splitAddress(server.address, securePort);
        if (place !== undefined) found.set(place.host, place.port);
      }
    }
  }
  return found;
}

/** The entry, and the one address its name has; a name with several may stand for the masters themselves. */
function hostsOfEntry(known: KnownEvidence, entry: LoadBalancer | undefined): readonly string[] {
  if (entry === undefined) return [];
  const dialled = known.every('lb.tries').flatMap((item) => item.value.tries.map((one) => splitAddress(one.address, securePort)?.host));
  const [only, ...others] = new Set(dialled);
  return only !== undefined && others.length === 0 ? [entry.host, only] : [entry.host];
}

function leavesSeenThrough(known: KnownEvidence) {
  return known.every('lb.tries').flatMap((item) => item.value.tries.flatMap((one) => one.chain.slice(0, 1)));
}

/**
 * A guess is confirmed by a certificate that names it and that it serves itself; on an etcd host, by an open port too,
 * for an API server may hang before it shows one; and by the release it tells, for that is taken only from servers whose
 * certificate the kubeconfig's authority signed, and comes seconds before a readiness that hangs. What the load balancer in
 * front of the API is configured to send clients to is one where its machine is an etcd member by etcd's own list, even while
 * it refuses: a name in a table, or a port that refuses, is no such proof. Once one etcd host is known to run an API server,
 * the cluster is a stacked one and the other etcd hosts are masters too, silent or not.
 */
function confirmGuesses(known: KnownEvidence, candidates: readonly Master[], behind: ReadonlyMap<string, number>): readonly Master[] {
  const members = listedMemberHosts(known);
  const etcdHosts = new Set(known.every('etcd.client-port').map((item) => splitAddress(item.subject.id, 2379)?.host));
  const answering = candidates.filter(({ subject, host }) => {
    if (known.get('api.release', subject) !== undefined || (behind.has(host) && members.has(host))) return true;
    const tries = known.get('api.ready', subject)?.tries ?? [];
    return tries.some(
      ({ connected, chain: [leaf] }) => connected && (leaf === undefined ? etcdHosts.has(host) : leaf.addresses.includes(host)),
    );
  });
  if (answering.length === 0) return [];
  const stacked = answering.some((candidate) => etcdHosts.has(candidate.host));
  return candidates.filter((candidate) => answering.includes(candidate) || (stacked && etcdHosts.has(candidate.host)));
}
