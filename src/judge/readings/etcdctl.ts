// With which words is etcd asked or changed here: which tool, from where, with which certificate?
import { joinAddress } from '../../model/address.ts';
import { shellWord } from '../shell-word.ts';
import type { Seen } from '../../model/rule.ts';
import type { Member } from '../../model/topology.ts';
import { homeOf } from './component-home.ts';
import { type Version, versionOf } from './etcd-versions.ts';

/** Authority, certificate and key: of a client that etcd accepts, and what members show one another. */
type Use = 'client' | 'peer';

/** Where they lie, on the node and in etcd's own container: as kubeadm has it, or Rancher below its folder. */
const files = {
  kubeadm: {
    folder: '/etc/kubernetes/pki/etcd',
    client: ['ca.crt', 'healthcheck-client.crt', 'healthcheck-client.key'],
    peer: ['ca.crt', 'peer.crt', 'peer.key'],
  },
  rancher: {
    folder: 'server/tls/etcd',
    client: ['server-ca.crt', 'server-client.crt', 'server-client.key'],
    peer: ['peer-ca.crt', 'peer-server-client.crt', 'peer-server-client.key'],
  },
} as const;

function isRancher({ topology }: Seen): boolean {
  const { kind } = topology.platform;
  return kind === 'k3s' || kind === 'rke2';
}

function certificatePaths(seen: Seen, use: Use): readonly string[] {
  const rancher = isRancher(seen);
  const { folder, [use]: names } = files[rancher ? 'rancher' : 'kubeadm'];
  const root = rancher ? `/var/lib/rancher/${seen.topology.platform.kind}/` : '';
  return names.map((name) => `${root}${folder}/${name}`);
}

function certificateFlags(seen: Seen): string {
  const [authority, certificate, key] = certificatePaths(seen, 'client');
  return `--cacert=${authority} --cert=${certificate} --key=${key}`;
}

/** Asks the peer ports of others from a member's own machine, as the member does; where its certificate lies is not known everywhere. */
export function knockAtPeers(seen: Seen, others: readonly Member[]): readonly string[] {
  const { platform, etcd } = seen.topology;
  if (etcd === 'external' || (!isRancher(seen) && platform.kind !== 'kubeadm'))
    return others.map(({ host, peerPort }) => `nc -zvw3 ${shellWord(host)} ${peerPort}`);
  const [authority, certificate, key] = certificatePaths(seen, 'peer');
  const curl = `curl -m 3 --cacert ${authority} --cert ${certificate} --key ${key}`;
  return others.map(({ host, peerPort }) => `${curl} ${shellWord(`https://${joinAddress(host, peerPort)}/raft/probing`)}`);
}

export interface Shell {
  /** `here`, or the node's name. */
  readonly where: string;
  /** The command line up to the subcommand. */
  readonly etcdctl: string;
}

/** https://10.89.0.11:2379 */
export function endpointOf(member: Member): string {
  return `https://${joinAddress(member.host, member.clientPort)}`;
}

/** With the operator's own etcd certificate where there is one, through the API where it serves, else on the node itself. */
export function shellFor(seen: Seen<'etcd.status' | 'kube.nodes'>, member: Member): Shell {
  const own = ownShell(seen, member);
  if (own !== undefined) return own;
  if (member.pod !== undefined && seen.peek('kube.nodes')?.state === 'known') {
    return { where: 'here', etcdctl: `kubectl -n kube-system exec ${shellWord(member.pod)} -- ${insideShell(seen, member)}` };
  }
  return shellOnNode(seen, member);
}

/** From this machine, with the certificate it was asked with; undefined where a container had to be asked instead. */
export function ownShell(seen: Seen<'etcd.status'>, member: Member): Shell | undefined {
  const status = seen.peek('etcd.status', member.subject);
  const asked = status?.state === 'known' && status.source !== 'exec';
  if (!asked && seen.topology.etcd === 'stacked') return undefined;
  return { where: 'here', etcdctl: `etcdctl --endpoints ${shellWord(endpointOf(member))}` };
}

export function shellOnNode(seen: Seen<'kube.control-plane-pods'>, member: Member): Shell {
  const inside = insideShell(seen, member);
  const isPod = homeOf(seen, 'etcd', member.subject.keys.node).kind === 'static-pod';
  return { where: nodeOf(member), etcdctl: isPod ? `crictl exec $(crictl ps -q --name '^etcd$') ${inside}` : inside };
}

function insideShell(seen: Seen, member: Member): string {
  return `etcdctl ${certificateFlags(seen)} --endpoints ${shellWord(endpointOf(member))}`;
}

/** The node that a member runs on, or its address while no node is known. */
export function nodeOf(member: Member): string {
  return member.subject.keys.node ?? member.host;
}

/** Major, minor and patch of the newest etcd seen; undefined where no member told. */
export function etcdVersion(seen: Seen<'etcd.status' | 'etcd.metrics'>): Version | undefined {
  const versions = seen.topology.members.flatMap((member) => {
    const version = versionOf(seen, member);
    return version === undefined ? [] : [version];
  });
  return versions.sort(compareVersions).at(-1);
}

/** Below zero when the first is older. */
export function compareVersions(one: readonly number[], other: readonly number[]): number {
  for (const [index, part] of one.entries()) {
    const difference = part - (other[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Working on snapshot files moved from etcdctl to etcdutl with 3.5 (etcd CHANGELOG-3.5); etcdctl lost it in 3.6. */
export function snapshotTool(version: readonly number[] | undefined): 'etcdctl' | 'etcdutl' {
  return version !== undefined && compareVersions(version, [3, 5, 0]) < 0 ? 'etcdctl' : 'etcdutl';
}

/** Keeps informers from trusting revisions they have already seen: 3.4.27, 3.5.10 and later (etcd CHANGELOGs). */
export function canBumpRevision(version: readonly number[] | undefined): boolean {
  if (version === undefined) return true;
  const [major = 0, minor = 0] = version;
  if (major === 3 && minor === 4) return compareVersions(version, [3, 4, 27]) >= 0;
  return compareVersions(version, [3, 5, 10]) >= 0;
}
