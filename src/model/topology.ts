// Which machines, API servers and etcd members are there, and which belong together?
import type { Keys, Subject } from './subject.ts';

/** How we came to believe in an address; `guessed` ones count only once something there has answered. */
export type Origin = 'flag' | 'listed' | 'remembered' | 'certificate' | 'guessed' | 'manifest';

export interface Master {
  readonly subject: Subject;
  readonly host: string;
  readonly port: number;
  readonly origin: Origin;
}

export interface Member {
  readonly subject: Subject;
  readonly host: string;
  readonly clientPort: number;
  readonly peerPort: number;
  /** Where the list sends its peers, if that is another host than its clients are sent to: a network of its own, or an address it had before. */
  readonly peerHost?: string;
  readonly origin: Origin;
  readonly learner: boolean;
  /** A member that is listed but has never been started has neither name nor client URL. */
  readonly started: boolean;
  /** It answers where a member was expected, and the list does not have it: it belongs to another cluster. */
  readonly outsider?: true;
  /** The pod that runs it, where it is a static pod. */
  readonly pod?: string;
}

export interface Machine {
  readonly subject: Subject;
  readonly host?: string;
  readonly controlPlane: boolean;
}

export interface LoadBalancer {
  readonly subject: Subject;
  readonly host: string;
  readonly port: number;
}

/** What kind of cluster this is, as far as the rules care. */
export type Platform =
  | { readonly kind: 'kubeadm' | 'k3s' | 'rke2' | 'talos' | 'openshift' | 'kind' | 'managed' | 'other'; readonly detail: string }
  | { readonly kind: 'unknown'; readonly detail: string };

export interface Topology {
  readonly platform: Platform;
  readonly etcd: 'stacked' | 'external' | 'hidden' | 'unknown';
  /** The address in the kubeconfig; it may be a single API server's own. */
  readonly entry?: LoadBalancer;
  /** Whether `entry` is the address of one of the masters itself. */
  readonly entryIsMaster: boolean;
  readonly masters: readonly Master[];
  /** Addresses that may be masters but where nothing has confirmed it yet; asked, never judged. */
  readonly candidates: readonly Master[];
  /** Whether a listing of the cluster vouches for the masters being all of them. */
  readonly mastersComplete: boolean;
  readonly members: readonly Member[];
  /** Whether etcd's own member list vouches for the members being all of them. */
  readonly membersComplete: boolean;
  readonly machines: readonly Machine[];
}

/** Keys of everything that runs on one host, for subjects that know only part of them. */
export function keysOn(topology: Topology, node: string): Keys {
  const master = topology.masters.find((m) => m.subject.keys.node === node);
  const member = topology.members.find((m) => m.subject.keys.node === node);
  const id = member?.subject.keys.member;
  return { node, ...(master && { apiserver: master.subject.id }), ...(id !== undefined && { member: id }) };
}
