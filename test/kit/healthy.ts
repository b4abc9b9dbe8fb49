// What does a healthy three-master cluster look like, piece by piece of evidence? Shapes and values follow the lab's.
import type { BalancerFile } from '../../src/model/balancer.ts';
import type { EvidenceId, EvidenceItem, EvidenceTypes } from '../../src/model/evidence.ts';
import type { HaproxyRow } from '../../src/model/balancer.ts';
import type { ControlPlanePod, LeaseSeen, NodeSeen, ServerClock } from '../../src/model/kubernetes.ts';
import type { Histogram } from '../../src/model/histogram.ts';
import type { CertificateSeen, Try } from '../../src/model/network.ts';
import { subjectOf } from './world.ts';

/** 2026-11-21T03:12:44.500Z, the moment every test looks at the cluster. */
export const now = Date.UTC(2026, 10, 21, 3, 12, 44, 500);

const masters = ['m1', 'm2', 'm3'] as const;
const nodes = [...masters, 'w1'] as const;
const memberIds = { m1: '5f1c0a7d93b2e684', m2: 'a2c947be10d8f355', m3: 'c83e61f09a7724db' } as const;
const addresses = { m1: '10.89.0.11', m2: '10.89.0.12', m3: '10.89.0.13', w1: '10.89.0.21' } as const;
const clock: ServerClock = { sentAt: now, receivedAt: now + 8, serverTime: Math.floor(now / 1000) * 1000 };

export function leafOf(node: string): CertificateSeen {
  const address = addresses[node as 'm1'] ?? '10.89.0.99';
  return {
    sha256: `${node}`.padEnd(64, '0'),
    serial: `3b7f19c${node.slice(1)}`,
    subject: 'CN=kube-apiserver',
    issuer: 'CN=kubernetes',
    notBefore: '2026-08-30T09:00:00.000Z',
    notAfter: '2027-08-30T09:00:00.000Z',
    names: ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'kubernetes.default.svc.cluster.local', node],
    addresses: ['10.96.0.1', address, '10.89.0.10'],
    isAuthority: false,
    key: { type: 'RSA', bits: 2048 },
    publicKey: `${node}`.padEnd(64, 'f'),
    signature: 'sha256WithRSAEncryption',
    usages: ['client', 'server'],
    authorityKeyId: 'c58eb7554d7f0e4c1561644d04a70704a7274dfa',
  };
}

/** An authority as kubeadm makes it: for ten years, with the identifier that its leaves name. */
export function authorityOf(name: 'kubernetes' | 'etcd-ca' | 'front-proxy-ca'): CertificateSeen {
  const keyId = { kubernetes: 'c58eb7554d7f0e4c1561644d04a70704a7274dfa', 'etcd-ca': 'bda486b1', 'front-proxy-ca': 'f9a1' }[name];
  return {
    ...leafOf(name),
    sha256: `ca${name}`.padEnd(64, '0'),
    subject: `CN=${name}`,
    issuer: `CN=${name}`,
    notAfter: '2036-08-27T09:00:00.000Z',
    names: [],
    addresses: [],
    isAuthority: true,
    usages: [],
    keyId,
    authorityKeyId: keyId,
  };
}

function readyTry(node: string, address: string): Try {
  const outcome = { kind: 'answered', status: 200, body: 'ok', serverTime: clock.serverTime } as const;
  return { address, sentAt: now, receivedAt: now + 5, connected: true, chain: [leafOf(node)], trust: { kind: 'trusted' }, outcome };
}

function known<Id extends EvidenceId>(id: Id, node: string | undefined, value: EvidenceTypes[Id]): EvidenceItem {
  return { state: 'known', id, subject: subjectOf(id, node), value, source: 'direct', takenAt: now, sample: 0 } as EvidenceItem;
}

function node(name: (typeof nodes)[number]): NodeSeen {
  return {
    name,
    internalAddresses: [addresses[name]],
    externalAddresses: [],
    hostNames: [name],
    controlPlane: name !== 'w1',
    ready: 'True',
    readyReason: 'KubeletReady',
    pressures: [],
    readyMessage: 'kubelet is posting ready status',
    readySince: now - 86_400_000,
    cordoned: false,
    providerId: '',
    osImage: 'Debian GNU/Linux 12 (bookworm)',
    kubeletVersion: 'v1.34.4',
    labels: { 'kubernetes.io/hostname': name },
  };
}

/** An API server stores a renewal within the second in which it was written. */
export function storedAtOnce(renewedAt: number): { readonly renewedAt: number; readonly storedAt: number } {
  return { renewedAt, storedAt: Math.floor(renewedAt / 1000) * 1000 };
}

export function lease(namespace: string, name: string, holder: string, change: Partial<LeaseSeen> = {}): LeaseSeen {
  const base = { namespace, name, holder, acquiredAt: now - 86_400_000, renewedAt: now - 3000, createdAt: now - 86_400_000 };
  return {
    ...base,
    durationSeconds: namespace === 'kube-node-lease' ? 40 : 15,
    transitions: 2,
    labels: {},
    resourceVersion: '48213',
    uid: `uid of ${namespace}/${name}`,
    ...storedAtOnce(change.renewedAt ?? now - 3000),
    ...change,
  };
}

function systemLeases(): readonly LeaseSeen[] {
  const identities = masters.map((n) =>
    lease('kube-system', `apiserver-${n}`, `apiserver-${n}_1`, {
      durationSeconds: 3600,
      labels: { 'kubernetes.io/hostname': n, 'apiserver.kubernetes.io/identity': 'kube-apiserver' },
    }),
  );
  return [lease('kube-system', 'kube-controller-manager', 'm1_0c1d'), lease('kube-system', 'kube-scheduler', 'm1_9f3e'), ...identities];
}

const commands = {
  'kube-apiserver': (n: string) => [
    'kube-apiserver',
    `--advertise-address=${addresses[n as 'm1']}`,
    '--etcd-servers=https://127.0.0.1:2379',
    '--secure-port=6443',
  ],
  etcd: (n: string) => [
    'etcd',
    `--advertise-client-urls=https://${addresses[n as 'm1']}:2379`,
    `--name=${n}`,
    '--feature-gates=InitialCorruptCheck=true',
  ],
  'kube-controller-manager': () => ['kube-controller-manager', '--leader-elect=true'],
  'kube-scheduler': () => ['kube-scheduler', '--leader-elect=true'],
};

function pod(component: keyof typeof commands, n: (typeof masters)[number]): ControlPlanePod {
  const endpoint = { 'kubeadm.kubernetes.io/kube-apiserver.advertise-address.endpoint': `${addresses[n]}:6443` };
  const client = { 'kubeadm.kubernetes.io/etcd.advertise-client-urls': `https://${addresses[n]}:2379` };
  return {
    name: `${component}-${n}`,
    component,
    node: n,
    hostAddress: addresses[n],
    phase: 'Running',
    ready: true,
    readySince: now - 86_400_000,
    annotations: { ...(component === 'kube-apiserver' && endpoint), ...(component === 'etcd' && client) },
    containers: [
      {
        name: component,
        image: 'registry.k8s.io/x:v1.34.4',
        command: commands[component](n),
        ready: true,
        restarts: 0,
        waitingReason: '',
        startedAt: now - 86_400_000,
      },
    ],
  };
}

function haproxyRow(server: string, change: Partial<HaproxyRow>): HaproxyRow {
  const base = { proxy: 'api', server, type: 'server' as const, status: 'UP', checkStatus: 'L7OK', checkCode: 200, timesDown: 0 };
  return { ...base, lastCheck: '', lastChange: 86_400, address: '', mode: 'tcp', ...change };
}

/** haproxy.cfg of the machine `lb`. */
const haproxyFile: BalancerFile = {
  node: 'lb',
  path: '/etc/haproxy/haproxy.cfg',
  from: 'flag',
  content: {
    kind: 'haproxy',
    paths: [
      {
        name: 'kubernetes-api -> api',
        mode: 'tcp',
        binds: [{ host: '', port: 8443, tls: false }],
        servers: masters.map((name) => ({ name, address: `${addresses[name]}:6443`, role: 'active' })),
        timeouts: { client: 3_600_000, server: 3_600_000, tunnel: 3_600_000, connect: 5000 },
      },
    ],
  },
};

function clusterItems(): EvidenceItem[] {
  const credential = { kind: 'client-certificate', certificate: { ...leafOf('admin'), subject: 'CN=kubernetes-admin' } } as const;
  const kubeconfig = { path: 'admin.conf', context: 'lab', server: 'https://10.89.0.10:8443', host: '10.89.0.10', port: 8443 };
  return [
    known('operator.kubeconfig', undefined, { ...kubeconfig, proxied: false, authority: 'given', credential }),
    known('operator.hints', undefined, { masters: [], members: [] }),
    known('lb.tries', undefined, { tries: masters.map((n) => readyTry(n, '10.89.0.10:8443')) }),
    known('lb.credential', undefined, { last: readyTry('m1', '10.89.0.10:8443') }),
    known('lb.stats', undefined, {
      rows: [
        ...masters.map((n) => haproxyRow(n, { address: `${addresses[n]}:6443` })),
        haproxyRow('BACKEND', { type: 'backend', checkStatus: '', activeServers: 3 }),
        haproxyRow('FRONTEND', {
          proxy: 'kubernetes-api',
          type: 'frontend',
          status: 'OPEN',
          checkStatus: '',
          sessions: 42,
          sessionLimit: 4000,
        }),
      ],
    }),
    known('lb.config', undefined, { files: [haproxyFile], unreadable: [] }),
    known('lb.strangers', undefined, { strangers: [] }),
    known('api.version', undefined, { gitVersion: 'v1.34.4' }),
    known('kube.nodes', undefined, { nodes: nodes.map(node), clock }),
    known('kube.node-leases', undefined, { leases: nodes.map((n) => lease('kube-node-lease', n, n)), clock }),
    known('kube.leases', undefined, { leases: systemLeases(), clock }),
    known('kube.control-plane-pods', undefined, {
      pods: masters.flatMap((n) => (Object.keys(commands) as (keyof typeof commands)[]).map((c) => pod(c, n))),
      clock,
    }),
    known('kube.endpoints', undefined, { addresses: masters.map((n) => `${addresses[n]}:6443`) }),
    known('kube.kubeadm-config', undefined, {
      kubernetesVersion: 'v1.34.4',
      controlPlaneEndpoint: '10.89.0.10:8443',
      clusterName: 'lab',
      externalEtcd: [],
      serviceSubnet: '10.96.0.0/12',
      dnsDomain: 'cluster.local',
    }),
    known('kube.may-port-forward', undefined, { allowed: true, reason: '' }),
    known('kube.api-services', undefined, { services: [], clock }),
    known('kube.webhooks', undefined, { webhooks: [] }),
    known('kube.conversions', undefined, { conversions: [] }),
    known('kube.signing-requests', undefined, { requests: [], clock }),
    known('kube.leads-taken', undefined, { taken: [], clock }),
    known('kube.trust', undefined, {
      root: [authorityOf('kubernetes')],
      client: [authorityOf('kubernetes')],
      frontProxy: [authorityOf('front-proxy-ca')],
      frontProxyNames: ['front-proxy-client'],
    }),
    known('kube.service-backends', undefined, { backends: [] }),
    known('kube.container-logs', undefined, { logs: [] }),
  ];
}

/** So many that took no longer than 2 ms, with etcd's own bounds. */
export function fast(count: number): Histogram {
  const bounds = Array.from({ length: 14 }, (_, power) => 2 ** power / 1000);
  return { buckets: bounds.map((upTo) => ({ upTo, count: upTo < 0.002 ? Math.floor(count / 2) : count })), count };
}

function memberItems(n: (typeof masters)[number]): EvidenceItem[] {
  const peers = masters.filter((other) => other !== n).map((other) => memberIds[other]);
  const header = { clusterId: 'cdf818194e3a8c32', memberId: memberIds[n], leaderId: memberIds.m1, version: '3.6.16' };
  const members = masters.map((m) => ({
    id: memberIds[m],
    name: m,
    peerUrls: [`https://${addresses[m]}:2380`],
    clientUrls: [`https://${addresses[m]}:2379`],
    learner: false,
  }));
  const leaf = {
    ...leafOf(n),
    subject: `CN=${n}`,
    issuer: 'CN=etcd-ca',
    names: ['localhost', n],
    addresses: [addresses[n], '127.0.0.1'],
    authorityKeyId: 'bda486b1',
  };
  return [
    known('etcd.client-port', n, { outcome: { kind: 'open' }, chain: [{ ...leaf, sha256: `s${n}`.padEnd(64, '0') }] }),
    known('etcd.peer-port', n, { outcome: { kind: 'open' }, chain: [{ ...leaf, sha256: `p${n}`.padEnd(64, '0') }] }),
    known('etcd.status', n, {
      kind: 'answered',
      ...header,
      revision: '48213',
      term: '4',
      raftIndex: '60001',
      appliedIndex: '60001',
      dbSize: 4_000_000,
      dbSizeInUse: 3_000_000,
      dbSizeQuota: 2_147_483_648,
      learner: false,
      errors: [],
    }),
    known('etcd.members', n, { kind: 'answered', clusterId: header.clusterId, members }),
    known('etcd.health', n, { kind: 'healthy' }),
    known('etcd.metrics', n, {
      kind: 'answered',
      hasLeader: true,
      isLeader: n === 'm1',
      leaderChanges: 1,
      proposalsFailed: 0,
      proposalsPending: 0,
      dbSize: 4_000_000,
      dbSizeInUse: 3_000_000,
      quota: 2_147_483_648,
      version: '3.6.16',
      memberId: memberIds[n],
      knownPeers: peers,
      activePeers: Object.fromEntries(peers.map((peer) => [peer, 1])),
      processStart: now / 1000 - 86_400,
      grpcErrors: 0,
      grpcRequests: 10_000,
      walFsync: fast(90_000),
      backendCommit: fast(40_000),
      peerRoundTrip: Object.fromEntries(peers.map((peer) => [peer, fast(2880)])),
      lateHeartbeats: 0,
      committed: 60_001,
      applied: 60_001,
      compactRevision: 47_000,
      revision: 48_213,
      compactedAt: now - 120_000,
      openFiles: 96,
      openFilesLimit: 20_000,
    }),
    known('etcd.read', n, { kind: 'read', milliseconds: 3 }),
    known('etcd.hash', n, { revision: '48213', compactRevision: '40000', hash: '258605079' }),
    known('etcd.clock', n, { sentAt: now, receivedAt: now + 4, serverTime: now + 2, resolutionMs: 0 }),
  ];
}

/** Everything the tool can look at, all of it good. */
export function healthyItems(): readonly EvidenceItem[] {
  return [
    ...clusterItems(),
    ...masters.flatMap((n) => [
      known('api.ready', n, { tries: [readyTry(n, `${addresses[n]}:6443`)], authorities: [authorityOf('kubernetes')] }),
      known('api.credential', n, { last: readyTry(n, `${addresses[n]}:6443`) }),
      known('api.release', n, { gitVersion: 'v1.34.4' }),
      known('api.token-keys', n, { keys: ['key-1'] }),
      known('api.leases', n, { leases: systemLeases(), clock }),
      known('api.metrics', n, { requests: 100_000, serverErrors: 3, terminated: 0 }),
      ...memberItems(n),
    ]),
    ...nodes.map((n) =>
      known('node.kubelet-port', n, {
        outcome: { kind: 'open' },
        chain: [{ ...leafOf(n), subject: `CN=${n}@1`, sha256: `k${n}`.padEnd(64, '0') }],
      }),
    ),
  ];
}
