// What do the Kubernetes objects we read look like, once reduced to what rules ask?
import type { CertificateSeen } from './network.ts';

export interface NodeSeen {
  readonly name: string;
  readonly internalAddresses: readonly string[];
  /** Addresses outside the cluster's own network (ExternalIP), and names (Hostname, InternalDNS, ExternalDNS). */
  readonly externalAddresses: readonly string[];
  readonly hostNames: readonly string[];
  readonly controlPlane: boolean;
  readonly ready: 'True' | 'False' | 'Unknown' | 'absent';
  readonly readyReason: string;
  /** What it runs short of by its own word: DiskPressure, MemoryPressure, PIDPressure. */
  readonly pressures: readonly string[];
  /** What the kubelet says about it, such as `container runtime is down`. */
  readonly readyMessage: string;
  /** Milliseconds since 1970, by the clock of whoever wrote the condition. */
  readonly readySince?: number;
  readonly cordoned: boolean;
  readonly providerId: string;
  readonly osImage: string;
  readonly kubeletVersion: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** A coordination.k8s.io/v1 Lease; times in milliseconds since 1970, written by the holder's clock. */
export interface LeaseSeen {
  readonly namespace: string;
  readonly name: string;
  readonly holder: string;
  readonly durationSeconds: number;
  readonly acquiredAt?: number;
  readonly renewedAt?: number;
  readonly transitions: number;
  readonly createdAt?: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly resourceVersion: string;
  /** Differs between two objects of one name, such as those of two clusters. */
  readonly uid?: string;
  /** When the last renewal was stored, in whole seconds, by the clock of the API server that stored it. */
  readonly storedAt?: number;
}

/** Leases and lists carry the clock of the API server that answered. */
export interface ServerClock {
  readonly sentAt: number;
  readonly receivedAt: number;
  readonly serverTime: number;
}

export interface NamedLeases {
  readonly leases: readonly LeaseSeen[];
  /** Those that are not there, namespace/name. */
  readonly absent: readonly string[];
  readonly clock?: ServerClock;
}

export interface ContainerSeen {
  readonly name: string;
  readonly image: string;
  readonly command: readonly string[];
  /** Variables that etcd reads its settings from, `ETCD_NAME=m1`; no others are kept. */
  readonly environment?: readonly string[];
  readonly ready: boolean;
  readonly restarts: number;
  readonly waitingReason: string;
  readonly lastExitCode?: number;
  /** Such as Error, Completed, OOMKilled. */
  readonly lastReason?: string;
  readonly lastFinishedAt?: number;
  readonly startedAt?: number;
}

/** A pod of the control plane in kube-system (static pods: the mirror the kubelet last wrote). */
export interface ControlPlanePod {
  readonly name: string;
  readonly component: string;
  readonly node: string;
  readonly hostAddress: string;
  readonly phase: string;
  readonly ready: boolean;
  /** When the Ready condition last changed. */
  readonly readySince?: number;
  readonly annotations: Readonly<Record<string, string>>;
  readonly containers: readonly ContainerSeen[];
}

/** Addresses of the `kubernetes` Service in `default`, host:port. */
export interface EndpointList {
  readonly addresses: readonly string[];
}

export interface KubeadmConfig {
  readonly kubernetesVersion: string;
  readonly controlPlaneEndpoint: string;
  readonly clusterName: string;
  /** Client URLs of etcd outside the cluster; empty when it is stacked. */
  readonly externalEtcd: readonly string[];
  /** Ranges of the Services' addresses, separated by commas, and the domain of their names; empty where it says neither. */
  readonly serviceSubnet?: string;
  readonly dnsDomain?: string;
}

/** The authorities that the API publishes, each a set. */
export interface PublishedTrust {
  /** What pods trust the API server by: ConfigMap kube-root-ca.crt. */
  readonly root: readonly CertificateSeen[];
  /** Whose client certificates API servers accept. */
  readonly client: readonly CertificateSeen[];
  /** Whose certificate the front proxy logs in to extension API servers with, and under which names; empty means any. */
  readonly frontProxy: readonly CertificateSeen[];
  readonly frontProxyNames: readonly string[];
}

/** A CertificateSigningRequest; times in milliseconds since 1970, by the clocks of API servers. */
export interface SigningRequest {
  readonly name: string;
  readonly signer: string;
  readonly requester: string;
  readonly state: 'pending' | 'approved' | 'issued' | 'denied' | 'failed';
  readonly createdAt?: number;
  /** When it got the state it has. */
  readonly decidedAt?: number;
  readonly message: string;
  /**
   * While any waits: of those that wait, and of all that a bootstrap token asked for. Absent for other signers than
   * Kubernetes' own, and in evidence of older versions.
   */
  readonly asks?: AskedFor;
}

/** How the requesters begin that are tokens for machines to join with. */
export const tokenPrefix = 'system:bootstrap:';

/** Subject and alternative names of a request; `broken`: in words, why they cannot be read. */
export type AskedFor =
  | { readonly broken: string }
  | {
      /** For people: `O=system:nodes, CN=system:node:m1`. */
      readonly subject: string;
      readonly commonNames: readonly string[];
      readonly organisations: readonly string[];
      readonly names: readonly string[];
      readonly addresses: readonly string[];
      /** E-mail addresses, URIs and what else there is, each with its kind. */
      readonly others: readonly string[];
    };

/** That somebody became the leader by a lease, as controllers tell it in an Event; the API keeps Events for an hour (--event-ttl). */
export interface LeadTaken {
  readonly namespace: string;
  readonly lease: string;
  readonly holder: string;
  /** Milliseconds since 1970, by the API server that stored it. */
  readonly at: number;
}

/** One line of a container's log. `at`: milliseconds since 1970, by the clock of the node it ran on. */
export interface LogLine {
  readonly at?: number;
  readonly text: string;
}

/** The end of one container's log, oldest line first. */
export interface ContainerLog {
  readonly component: string;
  readonly node: string;
  readonly pod: string;
  /** Whether it is of the instance that ended before the one the API shows. */
  readonly previous: boolean;
  readonly lines: readonly LogLine[];
  /** Why this one could not be read; it has no lines then. */
  readonly refused?: string;
}
