// Where does an error text lead that more than one rule may stand behind?
import type { RuleId } from '../model/rule-ids.ts';

export interface KnownError {
  /** Parts of the message that do not change from case to case. */
  readonly texts: readonly string[];
  /** What it means, and what it does not. */
  readonly says: string;
  /** The likelier first. */
  readonly rules: readonly RuleId[];
}

export const knownErrors: readonly KnownError[] = [
  {
    texts: ['etcdserver: no leader', 'RAFT NO LEADER'],
    says: 'This member knows no leader: too few voters are alive, they cannot elect one, or this one is cut off from the others.',
    rules: ['etcd-quorum-lost', 'etcd-no-leader', 'etcd-partition'],
  },
  {
    texts: ['etcdserver: request timed out', 'etcdserver: request timed out, possibly due to connection lost'],
    says: 'etcd took the request and could not get a majority to agree in time.',
    rules: ['etcd-quorum-lost', 'etcd-no-leader', 'etcd-requests-failing'],
  },
  {
    texts: ['etcdserver: leader changed'],
    says: 'The leader changed under the request. Once is harmless; again and again it is not.',
    rules: ['etcd-leader-changes', 'etcd-member-down'],
  },
  {
    texts: ['etcdserver: too many requests', 'apply request took too long'],
    says: 'etcd cannot keep up with what it is asked to write.',
    rules: ['etcd-requests-failing', 'etcd-leader-changes'],
  },
  {
    texts: ['mvcc: database space exceeded', 'alarm:NOSPACE', 'ALARM NOSPACE'],
    says: 'The database has reached its quota. Reads and deletes work, writes are refused until the alarm is taken back.',
    rules: ['etcd-alarm-nospace', 'etcd-db-near-quota'],
  },
  {
    texts: ['alarm:CORRUPT', 'found data inconsistency with peers', 'checkInitialHashKV failed'],
    says: 'Members of etcd hold different data. The one that says so is not always the one that is wrong.',
    rules: ['etcd-hash-mismatch', 'etcd-member-down'],
  },
  {
    texts: ['etcdserver: unhealthy cluster'],
    says: 'etcd refuses to change its membership because that could cost the majority.',
    rules: ['etcd-member-down', 'etcd-no-fault-margin'],
  },
  {
    texts: ['re-configuration failed due to not enough started members'],
    says: 'A member is listed that never started, so another change of the membership is refused.',
    rules: ['etcd-member-unstarted', 'etcd-member-count'],
  },
  {
    texts: ['lost the TCP streaming connection with peer', 'failed to reach the peer URL', 'failed to reach the peerURL'],
    says: 'A member cannot talk to another one: the other is down, or the network between them is.',
    rules: ['etcd-member-down', 'etcd-partition'],
  },
  {
    texts: ['prober found high clock drift', 'the clock difference against peer'],
    says: 'The clocks of etcd members differ by more than etcd likes.',
    rules: ['clock-etcd-skew', 'clock-apiserver-skew'],
  },
  {
    texts: [
      'x509: certificate has expired or is not yet valid',
      'certificate has expired',
      'tls: expired certificate',
      'certificate is not yet valid',
    ],
    says: 'Either a certificate has ended, or a clock is wrong. Look at the clocks first: renewing does not mend a clock.',
    rules: ['clock-apiserver-skew', 'cert-leaf-expired', 'cert-operator-expiring'],
  },
  {
    texts: ['certificate signed by unknown authority', 'x509: certificate is valid for'],
    says: 'The server answers, but with a certificate that its clients cannot trust under this name.',
    rules: ['api-master-unreachable', 'api-lb-unreachable'],
  },
  {
    texts: ['connection refused', 'was refused - did you specify the right host or port'],
    says: 'The host is up and nothing listens on that port: the process behind it is down or between two restarts.',
    rules: ['api-lb-unreachable', 'api-all-masters-down', 'api-master-unreachable', 'api-restart-loop'],
  },
  {
    texts: ['no route to host', 'i/o timeout', 'connection timed out', 'host is down'],
    says: 'Nothing came back at all: the host is down, or something between here and there drops packets.',
    rules: ['host-unreachable', 'api-lb-unreachable', 'api-master-unreachable'],
  },
  {
    texts: ['context deadline exceeded', 'Client.Timeout exceeded while awaiting headers'],
    says: 'Something answered too late or never. Who, is told by asking each server directly.',
    rules: ['api-master-unreachable', 'etcd-quorum-lost', 'host-unreachable'],
  },
  {
    texts: ['TLS handshake timeout'],
    says: 'The connection was taken and then nothing came: a process that hangs, or an API server that waits for its etcd.',
    rules: ['api-master-unreachable', 'lb-no-backend-up'],
  },
  {
    texts: ['unexpected EOF', ': EOF', 'connection reset by peer', 'http2: client connection lost'],
    says: 'The connection was cut: often a load balancer that has no server behind it.',
    rules: ['lb-no-backend-up', 'api-lb-unreachable', 'api-restart-loop'],
  },
  {
    texts: ['Unauthorized', 'You must be logged in to the server'],
    says: 'The credential was refused. Everywhere: it has ended or is wrong. On one master only: that master is the problem.',
    rules: ['cert-operator-expiring', 'api-credential-rejected'],
  },
  {
    texts: ['forbidden: User'],
    says: 'Usually a missing right. From one master to everybody, it started without being able to read its etcd.',
    rules: ['api-credential-rejected', 'api-readyz-etcd', 'api-master-unreachable'],
  },
  {
    texts: [
      'leader election lost',
      'leaderelection lost',
      'failed to renew lease',
      'error retrieving resource lock',
      'Failed to update lock',
    ],
    says: 'A controller could not renew its lease in time and stepped down. The API or etcd behind it is the first suspect.',
    rules: ['le-lease-expired', 'le-flapping', 'le-component-unhealthy', 'api-readyz-etcd'],
  },
  {
    texts: ['[-]etcd failed', '[-]etcd-readiness failed', '[-]etcd'],
    says: 'This API server cannot read its etcd.',
    rules: ['api-readyz-etcd', 'etcd-member-down', 'etcd-quorum-lost'],
  },
  {
    texts: ['healthz check failed', 'readyz check failed', 'livez check failed', 'failed: reason withheld'],
    says: 'One of the checks inside the API server fails; the lines that begin with [-] name it.',
    rules: ['api-readyz-check', 'api-readyz-etcd'],
  },
  {
    texts: ['storage is (re)initializing', 'Too many requests, please try again later'],
    says: 'The watch cache is empty and cannot be filled: etcd does not answer. It is not a rate limit.',
    rules: ['api-readyz-etcd', 'etcd-quorum-lost'],
  },
  {
    texts: ['the server is currently unable to handle the request', 'the server was unable to return a response', 'an error on the server'],
    says: 'An API server failed inside.',
    rules: ['api-5xx-ratio', 'api-readyz-etcd', 'api-readyz-check'],
  },
  {
    texts: ['has no server available', 'No server is available to handle this request', '503 Service Unavailable'],
    says: 'The load balancer has taken out every API server.',
    rules: ['lb-no-backend-up', 'lb-backend-down'],
  },
  {
    texts: ['Kubelet stopped posting node status', 'NodeStatusUnknown', 'node.kubernetes.io/unreachable', 'NodeNotReady'],
    says: 'A node has not been heard of. On a master that can be its own API server rather than the node.',
    rules: ['ha-node-notready', 'host-unreachable', 'api-master-unreachable'],
  },
];
