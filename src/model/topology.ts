// Which machines, API servers and etcd members are there, and which belong together?
import type { Keys, Subject } from './subject.ts';

/** How we came to believe in an address; `guessed` ones count only once something there has answered. */
export type Origin = 'flag' | 'listed' | 'remembered' | 'certificate' | 'guessed' | 'manifest';

/** One address of an API server. */
export interface Door {
  readonly host: string;
  readonly port: number;
  readonly origin: Origin;
}

/** One API server, whatever number of addresses it has. Subject, host, port and origin are those of the door it is asked at. */
export interface Master extends Door {
  readonly subject: Subject;
  /** All its addresses; those that the user named come first, then the one it advertises. */
  readonly doors: readonly Door[];
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
  /** Addresses that may be masters, or other addresses of some, but where nothing has confirmed it yet; asked, never judged as dead. */
  readonly candidates: readonly Master[];
  /** Whether a listing of the cluster vouches for the masters being all of them. */
  readonly mastersComplete: boolean;
  readonly members: readonly Member[];
  /** Whether etcd's own member list vouches for the members being all of them. */
  readonly membersComplete: boolean;
  readonly machines: readonly Machine[];
}

/** Whether this address is one of the master's own; without a port, whether it is one of its machine's. */
export function leadsTo({ doors }: Pick<Master, 'doors'>, host: string | undefined, port?: number): boolean {
  return doors.some((door) => door.host === host && (port === undefined || door.port === port));
}

/** Keys of everything that runs on one host, for subjects that know only part of them. */
export function keysOn(topology: Topology, node: string): Keys {
  const master = topology.masters.find((m) => m.subject.keys.node === node);
  const member = topology.members.find((m) => m.subject.keys.node === node);
  const id = member?.subject.keys.member;
  return { node, ...(master && { apiserver: master.subject.id }), ...(id !== undefined && { member: id }) };
}
