// Which component talks to which? Read from command lines where they can be seen, from kubeadm's own habits otherwise.
import type { Certainty, Seen } from '../../model/rule.ts';
import { blamesEtcd, readApiServer } from './api-server.ts';
import { peekMember } from './member.ts';
import { countVoters } from './voters.ts';
import { leadsTo } from '../../model/topology.ts';
import { etcdServers } from '../topology/members.ts';
import { isLoopback, splitAddress } from '../topology/build.ts';

/**
 * Does the API server on this node know no other etcd member than the one beside it? So it is on masters that kubeadm made,
 * and on servers of k3s and RKE2 that have one: they give it https://127.0.0.1:2379.
 */
export function usesOnlyLocalEtcd(seen: Seen, node: string | undefined): Certainty {
  if (node === undefined) return 'unknown';
  const pods = seen.peek('kube.control-plane-pods');
  const command = pods?.state === 'known' ? commandOn(pods.value.pods, node) : undefined;
  const servers = command === undefined ? [] : etcdServers(command);
  if (servers.length > 0) {
    const own = seen.topology.masters.find((master) => master.subject.keys.node === node);
    const hosts = servers.map((url) => splitAddress(url, 2379)?.host ?? '');
    return hosts.every((host) => (own !== undefined && leadsTo(own, host)) || isLoopback(host)) ? 'yes' : 'no';
  }
  if (seen.topology.etcd === 'external') return 'no';
  const { kind } = seen.topology.platform;
  if (seen.topology.etcd === 'stacked' && kind === 'kubeadm') return 'yes';
  const hasMember = seen.topology.members.some((one) => one.started && one.subject.keys.node === node);
  if (hasMember && (kind === 'k3s' || kind === 'rke2')) return 'yes';
  return missesItsEtcd(seen, node) ? 'yes' : 'unknown';
}

/** An API server that says it has lost etcd, while only the member beside it is away and the others have a quorum, knows no other. */
function missesItsEtcd(seen: Seen, node: string): boolean {
  const master = seen.topology.masters.find((one) => one.subject.keys.node === node);
  const beside = seen.topology.members.find((one) => one.started && one.subject.keys.node === node);
  if (master === undefined || beside === undefined) return false;
  const blames = seen.attempt(() => blamesEtcd(readApiServer(seen, master))) === true;
  const state = peekMember(seen, beside)?.kind;
  const { led, quorum } = countVoters(seen);
  return blames && (state === 'silent' || state === 'leaderless') && led.length >= quorum;
}

function commandOn(
  pods: readonly {
    readonly component: string;
    readonly node: string;
    readonly containers: readonly { readonly command: readonly string[] }[];
  }[],
  node: string,
): readonly string[] | undefined {
  return pods.find((pod) => pod.component === 'kube-apiserver' && pod.node === node)?.containers[0]?.command;
}

/**
 * Does the kubelet of this node talk to the API server beside it? Masters made by kubeadm do from 1.33 on
 * (feature gate ControlPlaneKubeletLocalMode); workers and older masters use the load balancer.
 */
export function kubeletUsesOwnApiServer(seen: Seen, node: string | undefined): Certainty {
  if (node === undefined) return 'unknown';
  const master = seen.topology.masters.some((one) => one.subject.keys.node === node);
  if (!master) return seen.topology.mastersComplete ? 'no' : 'unknown';
  if (isOneProcess(seen, node)) return 'yes';
  if (seen.topology.platform.kind !== 'kubeadm') return 'unknown';
  const minor = kubeletMinor(seen, node);
  if (minor === undefined) return 'unknown';
  return minor >= 33 ? 'yes' : 'no';
}

/** A server of k3s: etcd, API server, controllers and kubelet begin and end together. */
export function isOneProcess(seen: Seen, node: string | undefined): boolean {
  return seen.topology.platform.kind === 'k3s' && seen.topology.masters.some((one) => one.subject.keys.node === node);
}

function kubeletMinor(seen: Seen, node: string): number | undefined {
  const nodes = seen.peek('kube.nodes');
  if (nodes?.state !== 'known') return undefined;
  const version = nodes.value.nodes.find((one) => one.name === node)?.kubeletVersion ?? '';
  const match = /^v?\d+\.(\d+)/.exec(version);
  return match?.[1] === undefined ? undefined : Number(match[1]);
}
