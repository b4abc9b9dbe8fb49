// What does etcd tell about itself? Ids and revisions are uint64: decimal strings for revisions, hex for ids.
import type { Histogram } from './histogram.ts';
import type { Failure } from './network.ts';

/** A member that does not answer is evidence too, not a gap: it was asked and stayed silent. */
export type Asked<T> = ({ readonly kind: 'answered' } & T) | Failure;

export interface EtcdStatus {
  readonly clusterId: string;
  readonly memberId: string;
  /** Hex id, or absent when the member knows no leader. */
  readonly leaderId?: string;
  readonly version: string;
  readonly revision: string;
  readonly term: string;
  readonly raftIndex: string;
  readonly appliedIndex: string;
  /** Bytes. */
  readonly dbSize: number;
  readonly dbSizeInUse?: number;
  /** Bytes; from 3.6 on. */
  readonly dbSizeQuota?: number;
  readonly learner: boolean;
  /** Version of the file format, from 3.6 on; it follows an upgrade of all members. */
  readonly storageVersion?: string;
  /** The version a downgrade of the cluster was announced to, from 3.6 on; absent when none is under way. */
  readonly downgradeTo?: string;
  /** Sentences such as `etcdserver: no leader` or `memberID:… alarm:NOSPACE`. */
  readonly errors: readonly string[];
}

export interface EtcdMember {
  readonly id: string;
  /** Empty while the member never started. */
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly clientUrls: readonly string[];
  readonly learner: boolean;
}

/** The membership as one member knows it, asked without quorum. */
export interface EtcdMemberList {
  readonly clusterId: string;
  readonly members: readonly EtcdMember[];
}

export type EtcdHealth = { readonly kind: 'healthy' } | { readonly kind: 'unhealthy'; readonly reason: string } | Failure;

/** From a member's /metrics; counters since its process began. */
export interface EtcdMetrics {
  readonly hasLeader: boolean;
  readonly isLeader: boolean;
  readonly leaderChanges: number;
  readonly proposalsFailed: number;
  readonly proposalsPending: number;
  readonly dbSize?: number;
  readonly dbSizeInUse?: number;
  readonly quota?: number;
  readonly version: string;
  /** Hex id of this member, from its own labels. */
  readonly memberId?: string;
  /** Version that all members have agreed on, such as `3.6`; it follows an upgrade of the last of them. */
  readonly clusterVersion?: string;
  readonly learner?: boolean;
  /** Attempts to make a learner a voter that this member, as leader, refused. */
  readonly promoteFailures?: number;
  /** Peers this member was told of (hex ids), started or not: etcd_network_known_peers. */
  readonly knownPeers: readonly string[];
  /** Peer id (hex) -> 1 while a stream to it is up. */
  readonly activePeers: Readonly<Record<string, number>>;
  /** Seconds since 1970 when the process began. */
  readonly processStart?: number;
  /** Requests by gRPC code that are not OK, by method. */
  readonly grpcErrors: number;
  readonly grpcRequests: number;
  /** Each fdatasync of the write-ahead log. */
  readonly walFsync?: Histogram;
  /** Each commit of the database file. */
  readonly backendCommit?: Histogram;
  /** Peer id (hex) -> probes of the way there and back, one or two a minute. */
  readonly peerRoundTrip?: Readonly<Record<string, Histogram>>;
  /** Heartbeats, each to one follower, that this member sent more than an interval late while it led. */
  readonly lateHeartbeats?: number;
  /** Index of the last committed and of the last applied log entry. */
  readonly committed?: number;
  readonly applied?: number;
  /** The revision before which history was dropped; absent while nothing was since the process began. */
  readonly compactRevision?: number;
  readonly revision?: number;
  /** Milliseconds since 1970 by the member's clock when history was last dropped; absent while it was not. */
  readonly compactedAt?: number;
  readonly openFiles?: number;
  readonly openFilesLimit?: number;
}

/** A linearizable read with `hasleader`; milliseconds it took. */
export type EtcdRead =
  | { readonly kind: 'read'; readonly milliseconds: number }
  | { readonly kind: 'refused'; readonly error: string }
  | Failure;

export interface EtcdHash {
  readonly revision: string;
  readonly compactRevision: string;
  readonly hash: string;
}
