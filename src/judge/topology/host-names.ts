// Which node does an address belong to?
import { parseFlags } from '../../model/flags.ts';
import type { ControlPlanePod } from '../../model/kubernetes.ts';
import type { CertificateSeen } from '../../model/network.ts';
import type { KnownEvidence } from './build.ts';
import { splitAddress } from './build.ts';
import { listedAddresses } from './node-addresses.ts';

/** Names that every kubeadm serving certificate carries, whatever its node is called. */
const commonNames = /^(kubernetes(\..*)?|localhost)$/;

/** Where kubeadm writes down which address a static pod advertises; on a machine with several it need not be the node's first. */
export const apiServerAnnotation = 'kubeadm.kubernetes.io/kube-apiserver.advertise-address.endpoint';
export const etcdAnnotation = 'kubeadm.kubernetes.io/etcd.advertise-client-urls';
const advertised = [apiServerAnnotation, etcdAnnotation];

/** The host of --advertise-address of an API server's pod. */
function advertisedBy({ containers }: ControlPlanePod): string | undefined {
  return parseFlags(containers[0]?.command ?? []).get('advertise-address');
}

/** Address -> node name, from whatever vouches for it, the API's own listing first. */
export class HostNames {
  readonly #names = new Map<string, string>();

  constructor(known: KnownEvidence) {
    for (const node of known.get('kube.nodes')?.nodes ?? []) for (const host of node.internalAddresses) this.#learn(host, node.name);
    for (const [host, [node, other]] of listedAddresses(known)) if (node !== undefined && other === undefined) this.#learn(host, node);
    for (const pod of known.get('kube.control-plane-pods')?.pods ?? []) {
      this.#learn(pod.hostAddress, pod.node);
      for (const name of advertised) this.#learn(splitAddress(pod.annotations[name] ?? '', 0)?.host, pod.node);
      // What an API server calls its own address is listed as its own, right or wrong.
      if (pod.component === 'kube-apiserver') this.#learn(advertisedBy(pod), pod.node);
    }
    const hints = known.get('operator.hints');
    for (const hint of [...(hints?.masters ?? []), ...(hints?.members ?? [])]) {
      if (hint.node !== undefined) this.#learn(splitAddress(hint.address, 0)?.host, hint.node);
    }
    this.#learnFromCertificates(known);
    this.#learnFromMemberNames(known);
  }

  /** The node's name, or the address itself: services on one host share a key either way. */
  nodeOf(host: string): string {
    return this.#names.get(host) ?? host;
  }

  #learn(host: string | undefined, node: string): void {
    if (host !== undefined && host !== '' && node !== '' && !this.#names.has(host)) this.#names.set(host, node);
  }

  #learnFromCertificates(known: KnownEvidence): void {
    for (const item of known.every('etcd.client-port')) this.#learnFromLeaf(item.subject.id, item.value.chain[0]);
    for (const item of known.every('api.ready')) {
      const leaf = item.value.tries.find((one) => one.chain.length > 0)?.chain[0];
      this.#learnFromLeaf(item.subject.id, leaf);
    }
  }

  #learnFromLeaf(address: string, leaf: CertificateSeen | undefined): void {
    const own = (leaf?.names ?? []).filter((name) => !commonNames.test(name) && !name.includes('.'));
    const [only] = own;
    if (own.length === 1 && only !== undefined) this.#learn(splitAddress(address, 0)?.host, only);
  }

  #learnFromMemberNames(known: KnownEvidence): void {
    for (const item of known.every('etcd.members')) {
      if (item.value.kind !== 'answered') continue;
      for (const member of item.value.members) {
        if (member.name === 'default') continue;
        for (const url of [...member.clientUrls, ...member.peerUrls]) this.#learn(splitAddress(url, 0)?.host, member.name);
      }
    }
  }
}
