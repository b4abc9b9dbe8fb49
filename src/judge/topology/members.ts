// Which etcd members are there, and on which host does each run?
import { joinAddress } from '../../model/address.ts';
import type { EtcdMember } from '../../model/etcd.ts';
import type { Known, Missing } from '../../model/evidence.ts';
import type { Member, Origin, Topology } from '../../model/topology.ts';
import { isLoopback, type KnownEvidence, splitAddress } from './build.ts';
import { etcdAnnotation, type HostNames } from './host-names.ts';

const clientPort = 2379;
const peerPort = 2380;

interface Found {
  readonly members: readonly Member[];
  readonly complete: boolean;
}

/** etcd's own list decides; pods, nodes and hints stand in for it while no member can be asked. */
export function findMembers(known: KnownEvidence, names: HostNames, etcd: Topology['etcd']): Found {
  if (etcd === 'hidden') return { members: [], complete: true };
  const listed = longestList(known.every('etcd.members'));
  const pods = etcdPods(known);
  const members = new Map<string, Member>();
  const add = (member: Member): void => {
    if (![...members.values()].some((other) => other.host === member.host && other.clientPort === member.clientPort)) {
      members.set(member.subject.id, member);
    }
  };
  for (const member of listed ?? []) addListed(member, names, pods, add);
  for (const place of otherPlaces(known, names, etcd)) {
    const member = describe(place.host, place.port, place.origin, names, known, pods);
    if (listed === undefined) add(member);
    else if (isStranger(member, listed)) add({ ...member, outsider: true });
  }
  const sorted = [...members.values()].sort((one, other) => (one.subject.id < other.subject.id ? -1 : 1));
  return { members: sorted, complete: listed !== undefined || (etcd === 'stacked' && known.get('kube.nodes') !== undefined) };
}

/** It told an id of its own, and the list does not have it. */
function isStranger({ subject }: Member, listed: readonly EtcdMember[]): boolean {
  const { member } = subject.keys;
  return member !== undefined && member !== subject.id && !listed.some((one) => one.id === member);
}

/** The longest list any member gave; members that disagree are another rule's business. */
export function longestList(items: readonly (Known<'etcd.members'> | Missing)[]): readonly EtcdMember[] | undefined {
  const lists = items.flatMap((item) => (item.state === 'known' && item.value.kind === 'answered' ? [item.value.members] : []));
  return lists.sort((one, other) => other.length - one.length)[0];
}

function etcdPods(known: KnownEvidence): ReadonlyMap<string, string> {
  const pods = (known.get('kube.control-plane-pods')?.pods ?? []).filter((pod) => pod.component === 'etcd');
  return new Map(pods.map((pod) => [pod.hostAddress, pod.name]));
}

function addListed(member: EtcdMember, names: HostNames, pods: ReadonlyMap<string, string>, add: (member: Member) => void): void {
  const peer = splitAddress(member.peerUrls[0] ?? '', peerPort);
  const clients = member.clientUrls.flatMap((url) => splitAddress(url, clientPort) ?? []);
  // Members that all advertise their own loopback are still as many members as there are peers.
  const outside = clients.find(({ host }) => !isLoopback(host));
  const client = outside ?? (peer && { host: peer.host, port: clients[0]?.port ?? clientPort }) ?? clients[0];
  if (client === undefined) return;
  const started = member.clientUrls.length > 0;
  const node = names.nodeOf(client.host);
  const id = joinAddress(client.host, client.port);
  const pod = pods.get(client.host);
  add({
    subject: { kind: 'member', id, name: member.name || node, keys: { node, member: member.id } },
    host: client.host,
    clientPort: client.port,
    peerPort: peer?.port ?? peerPort,
    origin: 'listed',
    learner: member.learner,
    started,
    ...(peer !== undefined && peer.host !== client.host && { peerHost: peer.host }),
    ...(pod !== undefined && { pod }),
  });
}

interface Place {
  readonly host: string;
  readonly port: number;
  readonly origin: Origin;
}

function otherPlaces(known: KnownEvidence, names: HostNames, etcd: Topology['etcd']): readonly Place[] {
  const places: Place[] = [];
  const here: Place[] = [];
  const add = (address: string, origin: Origin): void => {
    const place = splitAddress(address, clientPort);
    if (place !== undefined) (isLoopback(place.host) ? here : places).push({ ...place, origin });
  };
  const hints = known.get('operator.hints')?.members ?? [];
  for (const hint of hints) if (hint.from !== 'remembered') add(hint.address, hint.from === 'manifest' ? 'manifest' : 'flag');
  const named = [...here];
  for (const url of known.get('kube.kubeadm-config')?.externalEtcd ?? []) add(url, 'listed');
  const pods = known.get('kube.control-plane-pods')?.pods ?? [];
  for (const pod of pods.filter((one) => one.component === 'etcd')) {
    add(pod.annotations[etcdAnnotation]?.split(',')[0] ?? joinAddress(pod.hostAddress, clientPort), 'listed');
  }
  if (etcd === 'stacked') {
    for (const node of known.get('kube.nodes')?.nodes ?? []) {
      const host = node.internalAddresses[0];
      const isPlaced = places.some((place) => names.nodeOf(place.host) === node.name);
      if (node.controlPlane && host !== undefined && !isPlaced) add(joinAddress(host, clientPort), 'listed');
    }
  }
  // Where masters run their own members, an address that only an API server's flag names may be a mistake in that flag.
  if (etcd !== 'stacked' || places.length === 0) {
    const servers = pods.filter((pod) => pod.component === 'kube-apiserver');
    for (const url of servers.flatMap((pod) => etcdServers(pod.containers[0]?.command ?? []))) add(url, 'listed');
  }
  if (places.length === 0) for (const hint of hints) if (hint.from === 'remembered') add(hint.address, 'remembered');
  // A member named as "here" can still tell where all of them are.
  return places.length === 0 ? named : places;
}

/** The URLs of an API server's --etcd-servers. */
export function etcdServers(command: readonly string[]): readonly string[] {
  const flag = command.find((word) => word.startsWith('--etcd-servers='));
  return flag === undefined ? [] : flag.slice('--etcd-servers='.length).split(',');
}

function describe(
  host: string,
  port: number,
  origin: Origin,
  names: HostNames,
  known: KnownEvidence,
  pods: ReadonlyMap<string, string>,
): Member {
  const id = joinAddress(host, port);
  const node = names.nodeOf(host);
  const subject = { kind: 'member' as const, id, name: node, keys: { node, member: id } };
  const status = known.get('etcd.status', subject);
  const metrics = known.get('etcd.metrics', subject);
  const hex =
    (status?.kind === 'answered' ? status.memberId : undefined) ??
    (metrics?.kind === 'answered' ? metrics.memberId : undefined) ??
    known.get('operator.hints')?.members.find((hint) => hint.address === id)?.member;
  const pod = pods.get(host);
  return {
    subject: { ...subject, keys: { node, member: hex ?? id } },
    host,
    clientPort: port,
    peerPort,
    origin,
    learner: status?.kind === 'answered' ? status.learner : metrics?.kind === 'answered' && metrics.learner === true,
    started: true,
    ...(pod !== undefined && { pod }),
  };
}
