// What do one member's counters say: leader, elections, proposals, size, peers?
import type { Asked, EtcdMetrics } from '../../model/etcd.ts';
import type { RawTry } from '../../sources/source.ts';
import { defineProbe } from '../probe.ts';
import { askMetricsPath, forwardAccess } from '../shared/etcd-ask.ts';
import { rawMember, silenceOf } from '../shared/etcd-read.ts';
import { memberOf } from '../shared/gaps.ts';
import { histogramFamilies, histogramOf, histogramsBy } from '../shared/histogram.ts';
import { keepFamilies, parseMetrics, type Sample, sumOf } from '../shared/metrics.ts';
import { parseRaw } from '../shared/raw.ts';
import { cleanLine } from '../shared/text.ts';
import { bestTry } from '../shared/window.ts';

const walFsync = 'etcd_disk_wal_fsync_duration_seconds';
const backendCommit = 'etcd_disk_backend_commit_duration_seconds';
const peerRoundTrip = 'etcd_network_peer_round_trip_time_seconds';
const families = [
  'etcd_server_has_leader',
  'etcd_server_is_leader',
  'etcd_server_leader_changes_seen_total',
  'etcd_server_proposals_failed_total',
  'etcd_server_proposals_pending',
  'etcd_server_quota_backend_bytes',
  'etcd_server_version',
  'etcd_server_id',
  'etcd_server_is_learner',
  'etcd_server_learner_promote_failures',
  'etcd_cluster_version',
  'etcd_mvcc_db_total_size_in_bytes',
  'etcd_mvcc_db_total_size_in_use_in_bytes',
  'etcd_network_active_peers',
  'etcd_network_known_peers',
  'process_start_time_seconds',
  'process_open_fds',
  'process_max_fds',
  'etcd_server_heartbeat_send_failures_total',
  'etcd_server_proposals_committed_total',
  'etcd_server_proposals_applied_total',
  'etcd_debugging_mvcc_compact_revision',
  'etcd_debugging_mvcc_current_revision',
  'etcd_debugging_mvcc_db_compaction_last',
  ...[walFsync, backendCommit, peerRoundTrip].flatMap(histogramFamilies),
];
const handled = 'grpc_server_handled_total';
/** Codes that are the server's fault, as in etcd's own alert etcdHighNumberOfFailedGRPCRequests. */
const serverFaults = new Set([
  'Unknown',
  'FailedPrecondition',
  'ResourceExhausted',
  'Internal',
  'Unavailable',
  'DataLoss',
  'DeadlineExceeded',
]);

export default defineProbe({
  id: 'etcd.metrics',
  title: 'a member’s counters',
  why: 'Shows elections, failed proposals and lost peers that a single status does not.',
  reads: forwardAccess,
  after: [],
  afterWithoutEtcd: ['kube.may-port-forward', 'kube.control-plane-pods'],
  again: 'more',
  timeoutMs: 9000,
  gather: (subject, around) => askMetricsPath(memberOf(subject, around.topology), '/metrics', around, keepNeeded),
  read: (raw): Asked<EtcdMetrics> => {
    const { tries } = parseRaw(raw, rawMember);
    const best = bestTry(tries);
    return best?.answer?.status === 200 ? reduce(parseMetrics(best.answer.body)) : silenceOf(tries);
  },
});

function keepNeeded(one: RawTry): RawTry {
  if (one.answer?.status !== 200) return one;
  return { ...one, answer: { ...one.answer, body: keepFamilies(one.answer.body, families, [handled]) } };
}

function reduce(samples: readonly Sample[]): Asked<EtcdMetrics> {
  const hasLeader = sumOf(samples, 'etcd_server_has_leader');
  if (hasLeader === undefined) throw new Error('the counters are not those of an etcd member: etcd_server_has_leader is missing');
  const label = (name: string, key: string) => cleanLine(samples.find((one) => one.name === name)?.labels[key] ?? '', 64);
  const memberId = label('etcd_server_id', 'server_id');
  const learner = sumOf(samples, 'etcd_server_is_learner');
  // The label of an older version stays, with the value 0.
  const agreed = samples.find(({ name, value }) => name === 'etcd_cluster_version' && value === 1);
  const clusterVersion = cleanLine(agreed?.labels['cluster_version'] ?? '', 64);
  return {
    kind: 'answered',
    hasLeader: hasLeader === 1,
    isLeader: sumOf(samples, 'etcd_server_is_leader') === 1,
    leaderChanges: sumOf(samples, 'etcd_server_leader_changes_seen_total') ?? 0,
    proposalsFailed: sumOf(samples, 'etcd_server_proposals_failed_total') ?? 0,
    proposalsPending: sumOf(samples, 'etcd_server_proposals_pending') ?? 0,
    ...whenKnown('dbSize', sumOf(samples, 'etcd_mvcc_db_total_size_in_bytes')),
    ...whenKnown('dbSizeInUse', sumOf(samples, 'etcd_mvcc_db_total_size_in_use_in_bytes')),
    ...whenKnown('quota', sumOf(samples, 'etcd_server_quota_backend_bytes')),
    version: label('etcd_server_version', 'server_version'),
    ...(memberId === '' ? {} : { memberId }),
    ...(clusterVersion === '' ? {} : { clusterVersion }),
    ...(learner === undefined ? {} : { learner: learner === 1 }),
    ...whenKnown('promoteFailures', sumOf(samples, 'etcd_server_learner_promote_failures')),
    ...peersOf(samples),
    ...whenKnown('processStart', sumOf(samples, 'process_start_time_seconds')),
    grpcErrors: sumOf(samples, handled, ({ grpc_code }) => serverFaults.has(grpc_code ?? '')) ?? 0,
    grpcRequests: sumOf(samples, handled) ?? 0,
    ...whenKnown('walFsync', histogramOf(samples, walFsync)),
    ...whenKnown('backendCommit', histogramOf(samples, backendCommit)),
    ...whenKnown('peerRoundTrip', histogramsBy(samples, peerRoundTrip, 'To')),
    ...whenKnown('lateHeartbeats', sumOf(samples, 'etcd_server_heartbeat_send_failures_total')),
    ...whenKnown('committed', sumOf(samples, 'etcd_server_proposals_committed_total')),
    ...whenKnown('applied', sumOf(samples, 'etcd_server_proposals_applied_total')),
    ...historyOf(samples),
    ...whenKnown('openFiles', sumOf(samples, 'process_open_fds')),
    ...whenKnown('openFilesLimit', sumOf(samples, 'process_max_fds')),
  };
}

/** Before anything was compacted etcd says revision -1 and the second 0. */
function historyOf(samples: readonly Sample[]): Pick<EtcdMetrics, 'revision' | 'compactRevision' | 'compactedAt'> {
  const compacted = sumOf(samples, 'etcd_debugging_mvcc_compact_revision') ?? -1;
  const second = sumOf(samples, 'etcd_debugging_mvcc_db_compaction_last') ?? 0;
  return {
    ...whenKnown('revision', sumOf(samples, 'etcd_debugging_mvcc_current_revision')),
    ...(compacted < 0 ? {} : { compactRevision: compacted }),
    ...(second <= 0 ? {} : { compactedAt: second * 1000 }),
  };
}

/**
 * Versions before 3.6 have no etcd_network_known_peers: there a peer shows up once it has been connected, so one that
 * was never started is missing.
 */
function peersOf(samples: readonly Sample[]): Pick<EtcdMetrics, 'knownPeers' | 'activePeers'> {
  const remote = ({ labels }: Sample): string => cleanLine(labels['Remote'] ?? '', 64);
  const active = samples.filter(({ name }) => name === 'etcd_network_active_peers');
  const told = samples.filter(
    ({ name, value, labels }) => name === 'etcd_network_known_peers' && value > 0 && labels['Remote'] !== labels['Local'],
  );
  return {
    knownPeers: (told.length > 0 ? told : active).map(remote),
    activePeers: Object.fromEntries(active.map((one) => [remote(one), one.value])),
  };
}

function whenKnown<Key extends string, Value>(key: Key, value: Value | undefined): { readonly [K in Key]?: Value } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [K in Key]?: Value });
}
