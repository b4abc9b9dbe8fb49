// Which machine is it that holds a lease, as far as the list of nodes knows it?
import type { LeaseSeen, NodeSeen } from '../../model/kubernetes.ts';
import type { Seen } from '../../model/rule.ts';

export type HolderEvidence = 'kube.nodes' | 'kube.leases' | 'kube.control-plane-pods';

/**
 * `stranger`: no node has that name · `elsewhere`: none has, and yet an API server runs on a host of that name ·
 * `opaque`: it does not say on which host it runs.
 */
export type Holder =
  | { readonly kind: 'node'; readonly node: NodeSeen }
  | { readonly kind: 'stranger'; readonly host: string }
  | { readonly kind: 'elsewhere'; readonly host: string }
  | { readonly kind: 'nobody' }
  | { readonly kind: 'opaque' };

/** Ends the judgement where nodes, leases or pods could not be listed: what is not seen is not gone. */
export function readHolder(seen: Seen<HolderEvidence>, lease: LeaseSeen): Holder {
  const { nodes } = seen.get('kube.nodes');
  const { pods } = seen.get('kube.control-plane-pods');
  if (lease.holder === '') return { kind: 'nobody' };
  const pod = pods.find((one) => one.name === hostOf(lease.holder));
  const host = pod?.node ?? hostOf(lease.holder);
  const node = nodeCalled(nodes, host);
  if (node !== undefined) return { kind: 'node', node };
  // Controllers of the core write <host>_<uuid>; whoever writes something else may mean anything by it.
  if (!/^[^_]+_[0-9A-Za-z-]{4,}$/.test(lease.holder)) return { kind: 'opaque' };
  return { kind: hostsOfApiServers(seen).some((one) => sameHost(one, host)) ? 'elsewhere' : 'stranger', host };
}

function hostOf(holder: string): string {
  return holder.includes('_') ? holder.slice(0, holder.lastIndexOf('_')) : holder;
}

/** By its name or its host name; a short name counts where it is the only one. */
function nodeCalled(nodes: readonly NodeSeen[], host: string): NodeSeen | undefined {
  const named = nodes.find((node) => node.name === host || node.labels['kubernetes.io/hostname'] === host);
  if (named !== undefined) return named;
  const short = nodes.filter((node) => sameHost(node.name, host) || sameHost(node.labels['kubernetes.io/hostname'] ?? '', host));
  return short.length === 1 ? short[0] : undefined;
}

/** `m1` and `m1.example.org`; two names that both have a domain must have the same one. */
function sameHost(one: string, other: string): boolean {
  if (one === other) return true;
  const [short, long] = one.length < other.length ? [one, other] : [other, one];
  return short !== '' && long.startsWith(`${short}.`);
}

/** Identity leases carry the host name as an API server sees it. */
function hostsOfApiServers(seen: Seen<'kube.leases'>): readonly string[] {
  const { leases } = seen.get('kube.leases');
  return leases.flatMap((lease) =>
    lease.labels['apiserver.kubernetes.io/identity'] === 'kube-apiserver' ? [lease.labels['kubernetes.io/hostname'] ?? ''] : [],
  );
}
