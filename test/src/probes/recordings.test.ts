// Is what a real control plane answered (kubeadm 1.34.4, etcd 3.6.16, HAProxy 2.6) read as what it was?
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { EvidenceId, EvidenceTypes } from '../../../src/model/evidence.ts';
import { probes } from '../../../src/probes/index.ts';

/** A file in `recordings`; those in `partitioned` were taken while etcd on m3 was cut off from its peers. */
function read<Id extends EvidenceId>(id: Id, folder = '.'): EvidenceTypes[Id] {
  const probe = probes.find((one) => one.id === id);
  if (probe === undefined) throw new Error(`no probe for ${id}`);
  return probe.read(readFileSync(new URL(`./recordings/${folder}/${id}.raw`, import.meta.url), 'utf8')) as EvidenceTypes[Id];
}
const taken = Date.UTC(2026, 10, 21, 9, 6, 2);

describe('Kubernetes', () => {
  test('nodes', () => {
    const { nodes, clock } = read('kube.nodes');
    expect(nodes.map((node) => [node.name, node.controlPlane, node.ready, node.internalAddresses])).toEqual([
      ['m1', true, 'True', ['10.89.0.11']],
      ['m2', true, 'True', ['10.89.0.12']],
      ['m3', true, 'True', ['10.89.0.13']],
      ['w1', false, 'True', ['10.89.0.21']],
    ]);
    expect(nodes[0]).toMatchObject({
      readyReason: 'KubeletReady',
      readyMessage: 'kubelet is posting ready status',
      cordoned: false,
      kubeletVersion: 'v1.34.4',
      readySince: Date.UTC(2026, 10, 21, 8, 47, 16),
    });
    expect(clock).toMatchObject({ serverTime: taken });
  });

  test('leases', () => {
    const { leases, clock } = read('kube.leases');
    const held = leases.find((lease) => lease.name === 'kube-controller-manager');
    expect(held).toMatchObject({ namespace: 'kube-system', durationSeconds: 15, holder: expect.stringMatching(/^m\d_/), transitions: 0 });
    expect(taken - (held?.renewedAt ?? 0)).toBeLessThan(15_000);
    expect(leases.filter((lease) => lease.labels['apiserver.kubernetes.io/identity'] === 'kube-apiserver')).toHaveLength(3);
    expect(clock?.serverTime).toBe(taken);
    expect(read('kube.node-leases').leases.map((lease) => [lease.holder, lease.durationSeconds])).toEqual(
      ['m1', 'm2', 'm3', 'w1'].map((name) => [name, 40]),
    );
  });

  test('pods of the control plane', () => {
    const { pods } = read('kube.control-plane-pods');
    expect(pods).toHaveLength(12);
    const api = pods.find((pod) => pod.name === 'kube-apiserver-m2');
    expect(api).toMatchObject({ component: 'kube-apiserver', node: 'm2', hostAddress: '10.89.0.12', phase: 'Running', ready: true });
    expect(api?.annotations['kubeadm.kubernetes.io/kube-apiserver.advertise-address.endpoint']).toBe('10.89.0.12:6443');
    expect(api?.containers[0]).toMatchObject({ name: 'kube-apiserver', ready: true, waitingReason: '', startedAt: expect.any(Number) });
    expect(api?.containers[0]?.command).toContain('--etcd-servers=https://127.0.0.1:2379');
  });

  test('the rest', () => {
    expect(read('kube.endpoints')).toEqual({ addresses: ['10.89.0.11:6443', '10.89.0.12:6443', '10.89.0.13:6443'] });
    expect(read('kube.kubeadm-config')).toEqual({
      kubernetesVersion: 'v1.34.4',
      controlPlaneEndpoint: '10.89.0.10:8443',
      clusterName: 'lab',
      dnsDomain: 'cluster.local',
      serviceSubnet: '10.96.0.0/12',
      externalEtcd: [],
    });
    expect(read('kube.may-port-forward')).toMatchObject({ allowed: true });
    expect(read('api.version')).toEqual({ gitVersion: 'v1.34.4' });
    const counters = read('api.metrics');
    expect(counters.requests).toBeGreaterThan(4000);
    expect(counters.serverErrors).toBeGreaterThan(0);
    expect(counters.serverErrors).toBeLessThan(50);
    expect(counters).toMatchObject({ terminated: 0, processStart: expect.any(Number) });
  });

  test('tries are trusted by the authority recorded with them', () => {
    const [direct] = read('api.ready').tries;
    expect(direct).toMatchObject({
      address: '10.89.0.11:6443',
      connected: true,
      trust: { kind: 'trusted' },
      outcome: { kind: 'answered', status: 200, body: 'ok' },
    });
    expect(direct?.chain[0]?.addresses).toContain('10.89.0.11');
    const { tries } = read('lb.tries');
    expect(new Set(tries.map((one) => one.chain[0]?.sha256)).size).toBe(3);
    expect(tries.every((one) => one.trust.kind === 'trusted')).toBe(true);
    expect(read('node.kubelet-port')).toMatchObject({ outcome: { kind: 'open' }, chain: [{ names: ['m1'] }, {}] });
  });
});

describe('etcd 3.6', () => {
  test('status, members, health, counters, hash and clock', () => {
    const status = read('etcd.status');
    expect(status).toMatchObject({
      kind: 'answered',
      version: '3.6.16',
      memberId: '7a845cd8e5baa362',
      leaderId: '7a845cd8e5baa362',
      dbSizeQuota: 2 ** 31,
      errors: [],
    });
    const members = read('etcd.members');
    if (members.kind !== 'answered') throw new Error(members.detail);
    expect(members.clusterId).toBe('e9c3af264dbe96fe');
    expect(members.members.map(({ id, name }) => [id, name])).toEqual([
      ['41d7ac18d4634e14', 'm3'],
      ['7a845cd8e5baa362', 'm1'],
      ['ac052f6ecd71389c', 'm2'],
    ]);
    expect(read('etcd.health')).toEqual({ kind: 'healthy' });
    expect(read('etcd.metrics')).toMatchObject({
      isLeader: true,
      leaderChanges: 1,
      memberId: '7a845cd8e5baa362',
      knownPeers: ['41d7ac18d4634e14', 'ac052f6ecd71389c'],
      activePeers: { '41d7ac18d4634e14': 1, ac052f6ecd71389c: 1 },
    });
    expect(read('etcd.hash')).toMatchObject({ revision: expect.stringMatching(/^\d+$/), hash: expect.stringMatching(/^\d+$/) });
    const clock = read('etcd.clock');
    expect(Math.abs(clock.serverTime - clock.sentAt)).toBeLessThan(5);
    expect(clock.resolutionMs).toBe(0);
  });
});

test('HAProxy', () => {
  const servers = read('lb.stats').rows.filter((row) => row.type === 'server');
  expect(servers.map((row) => [row.server, row.status, row.checkStatus, row.checkCode])).toEqual(
    ['m1', 'm2', 'm3'].map((name) => [name, 'UP', 'L7OK', 200]),
  );
});

describe('m3 while its etcd is cut off', () => {
  const seen = <Id extends EvidenceId>(id: Id) => read(id, 'partitioned');

  test('etcd there runs, knows no leader and says so in every way', () => {
    const status = seen('etcd.status');
    expect(status).toMatchObject({ kind: 'answered', memberId: '77b5c556b2c50e62', errors: ['etcdserver: no leader'] });
    expect(status).not.toHaveProperty('leaderId');
    expect(seen('etcd.health')).toEqual({ kind: 'unhealthy', reason: 'RAFT NO LEADER' });
    expect(seen('etcd.read')).toEqual({ kind: 'refused', error: 'etcdserver: no leader' });
    const counters = seen('etcd.metrics');
    expect(counters).toMatchObject({ hasLeader: false, isLeader: false });
    expect(counters.kind === 'answered' && counters.knownPeers).toHaveLength(2); // a removed member is still in the exposition, with 0
    // Its own gauge stays up minutes after the packets were lost (the leader's fell to 0): only a 0 says anything.
    expect(Object.values(counters.kind === 'answered' ? counters.activePeers : {})).toEqual([1, 1]);
  });

  test('its API server answers 403 to everybody, is trusted, and was asked three times', () => {
    const { tries } = seen('api.ready');
    expect(tries).toHaveLength(3);
    expect(tries.every((one) => one.outcome.kind === 'answered' && one.outcome.status === 403 && one.trust.kind === 'trusted')).toBe(true);
  });

  test('HAProxy took it out, and its node is unknown to the others', () => {
    expect(seen('lb.stats').rows.find((row) => row.server === 'm3')).toMatchObject({
      status: 'DOWN',
      checkStatus: 'L7STS',
      checkCode: 403,
    });
    expect(seen('kube.nodes').nodes.find((node) => node.name === 'm3')).toMatchObject({
      ready: 'Unknown',
      readyReason: 'NodeStatusUnknown',
    });
  });
});
