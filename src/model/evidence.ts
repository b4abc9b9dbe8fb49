// The dictionary: which pieces of evidence exist, and what shape does each have?
import type { AggregatedAnswer, ApiServiceSeen, ConversionSeen, ServiceBackend, WebhookSeen } from './admission.ts';
import type { ApiMetrics } from './api-metrics.ts';
import type { BalancerFiles, EnvoyCluster, EnvoyHost, HaproxyRow, HereNetwork, NginxStatus } from './balancer.ts';
import type {
  ContainerLog,
  ControlPlanePod,
  EndpointList,
  KubeadmConfig,
  LeadTaken,
  LeaseSeen,
  NamedLeases,
  NodeSeen,
  PublishedTrust,
  ServerClock,
  SigningRequest,
} from './kubernetes.ts';
import type { Asked, EtcdHash, EtcdHealth, EtcdMemberList, EtcdMetrics, EtcdRead, EtcdStatus } from './etcd.ts';
import type { FileSet, LocalDisk, LocalFiles, LocalTime } from './here.ts';
import type { CertificateSeen, Knock, Try } from './network.ts';
import type { KubeconfigSeen, TopologyHints } from './operator.ts';
import type { Subject } from './subject.ts';

/** Evidence id -> its value for one subject. The kind of subject stands in `evidenceSubjects`. */
export interface EvidenceTypes {
  /** What the operator's kubeconfig says, without its secrets. */
  'operator.kubeconfig': KubeconfigSeen;
  /** Addresses the user named, or that a former run of the tool saw here. */
  'operator.hints': TopologyHints;
  /** Tries through the address in the kubeconfig, without a credential, until every leaf was seen. */
  'lb.tries': { readonly tries: readonly Try[] } & Anchors;
  /** HAProxy's own table of servers. */
  'lb.stats': { readonly rows: readonly HaproxyRow[] };
  /** Files of load balancers that were named by flag or found on this machine: HAProxy, Nginx, keepalived, kube-vip. */
  'lb.config': BalancerFiles;
  /** Nginx's counters. */
  'lb.nginx': NginxStatus;
  /** What Envoy thinks of the hosts behind it. */
  'lb.envoy': { readonly hosts: readonly EnvoyHost[]; readonly clusters: readonly EnvoyCluster[] };
  /** Who answers at addresses that a load balancer lists and that are no API server's, asked without a credential. */
  'lb.strangers': { readonly strangers: readonly Stranger[] };
  /** GET /readyz without a credential, straight to one API server; `login`: with the operator's, where strangers were refused. */
  'api.ready': { readonly tries: readonly Try[]; readonly login?: Try } & Anchors;
  /** GET of a harmless object with the operator's credential, straight to one API server. */
  'api.credential': { readonly last: Try };
  /** The same through the address in the kubeconfig. */
  'lb.credential': { readonly last: Try };
  'api.version': { readonly gitVersion: string };
  /** What one API server says its own release is. */
  'api.release': { readonly gitVersion: string };
  /** Identifiers of the keys that one API server accepts service accounts' tokens by. */
  'api.token-keys': { readonly keys: readonly string[] };
  /** Request counters of one API server. */
  'api.metrics': ApiMetrics;
  /** Its Date, asked for some seconds with --deep. */
  'api.clock': { readonly readings: readonly ClockReading[] };
  /** The leases of kube-system as one API server gives them, asked at its own address. */
  'api.leases': { readonly leases: readonly LeaseSeen[]; readonly clock?: ServerClock };
  /** `clock`: our bounds around the Date of the API server that answered; absent when it sent none. */
  'kube.nodes': { readonly nodes: readonly NodeSeen[]; readonly clock?: ServerClock };
  'kube.node-leases': { readonly leases: readonly LeaseSeen[]; readonly clock?: ServerClock };
  /** Leases of kube-system, leader election and API-server identity among them. */
  'kube.leases': { readonly leases: readonly LeaseSeen[]; readonly clock?: ServerClock };
  /** Who became a leader in kube-system lately. */
  'kube.leads-taken': { readonly taken: readonly LeadTaken[]; readonly clock?: ServerClock };
  /** Leases that were named by flag, wherever they are. */
  'kube.named-leases': NamedLeases;
  /** Leaders that stand in annotations of Endpoints or ConfigMaps, of components whose flags say so. */
  'kube.old-locks': NamedLeases;
  'kube.control-plane-pods': { readonly pods: readonly ControlPlanePod[]; readonly clock?: ServerClock };
  'kube.endpoints': EndpointList;
  'kube.kubeadm-config': KubeadmConfig;
  'kube.api-services': { readonly services: readonly ApiServiceSeen[]; readonly clock?: ServerClock };
  /** What the API answers for those that somebody else serves. */
  'kube.aggregated-answers': { readonly answers: readonly AggregatedAnswer[] };
  'kube.webhooks': { readonly webhooks: readonly WebhookSeen[] };
  /** Authorities in ConfigMaps of kube-system. */
  'kube.trust': PublishedTrust;
  'kube.signing-requests': { readonly requests: readonly SigningRequest[]; readonly clock?: ServerClock };
  /** Definitions of resources whose versions a webhook translates. */
  'kube.conversions': { readonly conversions: readonly ConversionSeen[] };
  /** Of the Services that webhooks and aggregated APIs name. */
  'kube.service-backends': { readonly backends: readonly ServiceBackend[] };
  /** The last log lines of control-plane containers that ended lately, wait, or stand beside an API server that is not ready. */
  'kube.container-logs': { readonly logs: readonly ContainerLog[] };
  /** May this credential forward a port to a pod in kube-system? */
  'kube.may-port-forward': { readonly allowed: boolean; readonly reason: string };
  /** TCP and TLS on the client port, without a certificate. */
  'etcd.client-port': Knock;
  'etcd.peer-port': Knock;
  'etcd.status': Asked<EtcdStatus>;
  'etcd.members': Asked<EtcdMemberList>;
  'etcd.health': EtcdHealth;
  /** From the metrics listener or the client port. */
  'etcd.metrics': Asked<EtcdMetrics>;
  /** A linearizable read that refuses to wait for a leader. */
  'etcd.read': EtcdRead;
  'etcd.hash': EtcdHash;
  /** The member's own clock, from /raft/probing or a Date header. */
  'etcd.clock': ClockReading;
  'node.kubelet-port': Knock;
  /** Both listen on the loopback alone unless somebody chose otherwise: a refusal there is no fault. */
  'node.controller-port': Knock;
  'node.scheduler-port': Knock;
  /** Certificates and manifests on the machine the tool runs on, when that is a control-plane node. */
  'here.files': LocalFiles;
  /** Certificates and kubeconfigs of the kubelet on the machine the tool runs on, when that is no master. */
  'here.kubelet': FileSet;
  /** Certificates of machines in folders that --pki-dir names. */
  'here.pki': { readonly sets: readonly FileSet[] };
  /** Addresses, neighbours and listening ports of the machine the tool runs on, as far as they bear on the load balancer. */
  'here.network': HereNetwork;
  /** The last log lines of the control plane's containers on that machine. */
  'here.container-logs': { readonly logs: readonly ContainerLog[] };
  /** Room on the disks under etcd's data on that machine. */
  'here.disk': LocalDisk;
  /** Whether a time service keeps the clock of that machine. */
  'here.time': LocalTime;
}

/** What the tries were judged by. */
export interface Anchors {
  /** Of a whole system's store only those that could have signed something here; absent in tests of older evidence. */
  readonly authorities?: readonly CertificateSeen[];
}

export interface Stranger {
  readonly address: string;
  readonly last: Try;
}

export type EvidenceId = keyof EvidenceTypes;

/** How many subjects an evidence has: one for the cluster, or one for each of a kind. */
export const evidenceSubjects: { readonly [Id in EvidenceId]: 'cluster' | 'lb' | 'apiserver' | 'member' | 'node' } = {
  'operator.kubeconfig': 'cluster',
  'operator.hints': 'cluster',
  'lb.tries': 'lb',
  'lb.stats': 'lb',
  'lb.config': 'lb',
  'lb.nginx': 'lb',
  'lb.envoy': 'lb',
  'lb.strangers': 'lb',
  'api.ready': 'apiserver',
  'api.credential': 'apiserver',
  'lb.credential': 'lb',
  'api.version': 'cluster',
  'api.release': 'apiserver',
  'api.token-keys': 'apiserver',
  'api.metrics': 'apiserver',
  'api.clock': 'apiserver',
  'api.leases': 'apiserver',
  'kube.nodes': 'cluster',
  'kube.node-leases': 'cluster',
  'kube.leases': 'cluster',
  'kube.leads-taken': 'cluster',
  'kube.named-leases': 'cluster',
  'kube.old-locks': 'cluster',
  'kube.control-plane-pods': 'cluster',
  'kube.endpoints': 'cluster',
  'kube.kubeadm-config': 'cluster',
  'kube.api-services': 'cluster',
  'kube.aggregated-answers': 'cluster',
  'kube.webhooks': 'cluster',
  'kube.trust': 'cluster',
  'kube.signing-requests': 'cluster',
  'kube.conversions': 'cluster',
  'kube.service-backends': 'cluster',
  'kube.container-logs': 'cluster',
  'kube.may-port-forward': 'cluster',
  'etcd.client-port': 'member',
  'etcd.peer-port': 'member',
  'etcd.status': 'member',
  'etcd.members': 'member',
  'etcd.health': 'member',
  'etcd.metrics': 'member',
  'etcd.read': 'member',
  'etcd.hash': 'member',
  'etcd.clock': 'member',
  'node.kubelet-port': 'node',
  'node.controller-port': 'node',
  'node.scheduler-port': 'node',
  'here.files': 'cluster',
  'here.kubelet': 'cluster',
  'here.pki': 'cluster',
  'here.network': 'cluster',
  'here.container-logs': 'cluster',
  'here.disk': 'cluster',
  'here.time': 'cluster',
};

/**
 * Why something could not be looked at. The patient's silence is never one of these; only ours is. `undecided` belongs to
 * verdicts alone: everything asked was answered, and still nobody can say.
 */
export type GapKind = 'denied' | 'timeout' | 'failed' | 'absent' | 'not-collected' | 'undecided';

export interface Gap {
  readonly gap: GapKind;
  /** One sentence: what stopped us. */
  readonly detail: string;
  /** One command or flag that would make it known. */
  readonly howToGet: string;
  /** The subject whose silence stopped us, where one is known: `apiserver/10.89.0.11:6443`. */
  readonly through?: string;
}

export interface Known<Id extends EvidenceId = EvidenceId> {
  readonly state: 'known';
  readonly id: Id;
  readonly subject: Subject;
  readonly value: EvidenceTypes[Id];
  /** How it was looked at, such as `direct`, `through the LB`, `port-forward`. */
  readonly source: string;
  /** Milliseconds since 1970 by our clock, when the answer was complete. */
  readonly takenAt: number;
  /** 0 for the first look; later samples of the same thing count up. */
  readonly sample: number;
}

export interface Missing extends Gap {
  readonly state: 'missing';
  readonly id: EvidenceId;
  readonly subject: Subject;
  readonly sample: number;
}

export type EvidenceItem = { [Id in EvidenceId]: Known<Id> }[EvidenceId] | Missing;

/** Everything a run saw. `startedAt` is the moment all ages are counted from, by our clock. */
export interface Evidence {
  readonly startedAt: number;
  readonly items: readonly EvidenceItem[];
}

/** An identifier that names one piece of evidence: `api.ready apiserver/10.89.0.12:6443`. */
export type Citation = `${EvidenceId} ${string}`;

/** Our clock's bounds around one reading of theirs; milliseconds since 1970. */
export interface ClockReading {
  readonly sentAt: number;
  readonly receivedAt: number;
  readonly serverTime: number;
  /** 1000 for a Date header, 0 for a nanosecond clock. */
  readonly resolutionMs: number;
  /** When the first of several tries began, where earlier ones got no answer. */
  readonly firstSentAt?: number;
}
