// Which addresses and names does the cluster list for each of its machines, and which are nobody's own?
import type { NodeSeen } from '../../model/kubernetes.ts';
import type { LoadBalancer } from '../../model/topology.ts';
import { type KnownEvidence, splitAddress } from './build.ts';

/** Address or name -> the nodes it is listed for, for those of the control plane; workers may be thousands, and only take away. */
export function listedAddresses(known: KnownEvidence): ReadonlyMap<string, readonly string[]> {
  const nodes = known.get('kube.nodes')?.nodes ?? [];
  const pods = known.get('kube.control-plane-pods')?.pods ?? [];
  const masters = new Set([...nodes.flatMap(({ name, controlPlane }) => (controlPlane ? [name] : [])), ...pods.map(({ node }) => node)]);
  const found = new Map<string, Set<string>>();
  for (const pod of pods) found.set(pod.hostAddress, (found.get(pod.hostAddress) ?? new Set()).add(pod.node));
  for (const node of nodes.filter(({ name }) => masters.has(name)))
    for (const host of hostsOf(node)) found.set(host, (found.get(host) ?? new Set()).add(node.name));
  for (const node of nodes) for (const host of hostsOf(node)) found.get(host)?.add(node.name);
  return new Map([...found].flatMap(([host, names]) => (host === '' ? [] : [[host, [...names]] as const])));
}

function hostsOf({ name, internalAddresses, externalAddresses, hostNames }: NodeSeen): readonly string[] {
  return [name, ...internalAddresses, ...externalAddresses, ...hostNames];
}

/**
 * A virtual address is listed for the machine that holds it today. The one in the kubeconfig is a machine's own only where
 * there is one master, or kubeadm's configuration names another as the endpoint of them all.
 */
export function sharedAddresses(known: KnownEvidence, entry: LoadBalancer | undefined, masters: number): ReadonlySet<string> {
  const endpoint = splitAddress(known.get('kube.kubeadm-config')?.controlPlaneEndpoint ?? '', 0)?.host;
  const fronts = masters < 2 ? [] : [endpoint ?? entry?.host ?? ''];
  const contents = known.every('lb.config').flatMap(({ value }) => value.files.map(({ content }) => content));
  const virtual = contents.flatMap((content) => {
    if (content.kind === 'kube-vip') return [content.address];
    return content.kind === 'keepalived' || content.kind === 'keepalived-state' ? content.instances.flatMap((one) => one.addresses) : [];
  });
  return new Set([...fronts, ...virtual]);
}
