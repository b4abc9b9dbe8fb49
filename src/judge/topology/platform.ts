// What kind of cluster is it, and where does its etcd live?
import type { NodeSeen } from '../../model/kubernetes.ts';
import type { Platform, Topology } from '../../model/topology.ts';
import type { KnownEvidence } from './build.ts';

const managedHosts = /\.(eks\.amazonaws\.com|azmk8s\.io)$/;
const managedVersions = /-(eks|gke)[-.]/;
/** Of providers that run control planes for others. */
const cloudProviders = /^(?:aws|gce|azure|digitalocean|ibm|linode|oci|scaleway|vultr):\/\/|^ocid1\./;

/** From nodes, pods, version and the host in the kubeconfig (catalogue: platform gate). */
export function recognisePlatform(known: KnownEvidence): Platform {
  const nodes = known.get('kube.nodes')?.nodes;
  const version = known.get('api.version')?.gitVersion ?? nodes?.[0]?.kubeletVersion ?? '';
  const host = known.get('operator.kubeconfig')?.host ?? '';
  // The same distributions run on machines of one's own too (EKS Anywhere, GKE on bare metal), whose control plane is to be seen.
  if (!showsControlPlane(known) && (managedHosts.test(host) || managedVersions.test(version)))
    return { kind: 'managed', detail: host || version };
  if (known.get('kube.kubeadm-config') !== undefined) return { kind: 'kubeadm', detail: 'ConfigMap kube-system/kubeadm-config' };
  if (version.includes('+k3s')) return { kind: 'k3s', detail: version };
  if (version.includes('+rke2')) return { kind: 'rke2', detail: version };
  if (nodes !== undefined) return fromNodes(nodes, known);
  const remembered = known.get('operator.hints')?.platform;
  if (remembered !== undefined) return remembered;
  const manifests = known.get('here.files')?.manifests ?? [];
  if (manifests.length > 0) return { kind: 'kubeadm', detail: 'static-pod manifests on this machine' };
  return { kind: 'unknown', detail: 'no node could be listed' };
}

function showsControlPlane(known: KnownEvidence): boolean {
  return (
    known.get('kube.kubeadm-config') !== undefined ||
    known.get('kube.nodes')?.nodes.some((node) => node.controlPlane) === true ||
    (known.get('kube.control-plane-pods')?.pods.length ?? 0) > 0
  );
}

function fromNodes(nodes: readonly NodeSeen[], known: KnownEvidence): Platform {
  const talos = nodes.find((node) => node.osImage.startsWith('Talos ('));
  if (talos !== undefined) return { kind: 'talos', detail: talos.osImage };
  const openshift = nodes.find((node) => /^(Red Hat Enterprise Linux|Fedora) CoreOS /.test(node.osImage) && node.controlPlane);
  const pods = known.get('kube.control-plane-pods')?.pods;
  if (pods?.some((pod) => 'kubeadm.kubernetes.io/kube-apiserver.advertise-address.endpoint' in pod.annotations)) {
    return { kind: 'kubeadm', detail: 'annotations of the control-plane pods' };
  }
  if (openshift !== undefined) return { kind: 'openshift', detail: openshift.osImage };
  const cloud = nodes.length > 0 && nodes.every((node) => cloudProviders.test(node.providerId));
  if (cloud && !nodes.some((node) => node.controlPlane) && pods?.length === 0) {
    return { kind: 'managed', detail: nodes[0]?.providerId ?? '' };
  }
  if (nodes.some((node) => node.providerId.startsWith('kind://'))) return { kind: 'kind', detail: 'provider id kind://' };
  return { kind: 'other', detail: 'no known distribution recognised' };
}

/** Stacked on the masters, outside, or out of reach by design. */
export function whereEtcdLives(known: KnownEvidence, platform: Platform): Topology['etcd'] {
  if (platform.kind === 'managed') return 'hidden';
  const config = known.get('kube.kubeadm-config');
  if (config !== undefined) return config.externalEtcd.length > 0 ? 'external' : 'stacked';
  const pods = known.get('kube.control-plane-pods')?.pods ?? [];
  if (pods.some((pod) => pod.component === 'etcd')) return 'stacked';
  const manifests = known.get('here.files')?.manifests ?? [];
  if (manifests.some((manifest) => manifest.component === 'etcd')) return 'stacked';
  return known.get('operator.hints')?.etcd ?? 'unknown';
}
