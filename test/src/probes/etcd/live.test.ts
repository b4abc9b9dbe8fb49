// Do the etcd probes read a real cluster as etcdctl does, healthy, without quorum and with a stopped process?
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EvidenceId, EvidenceTypes } from '../../../../src/model/evidence.ts';
import clientPort from '../../../../src/probes/etcd/client-port.ts';
import clock from '../../../../src/probes/etcd/clock.ts';
import hash from '../../../../src/probes/etcd/hash.ts';
import health from '../../../../src/probes/etcd/health.ts';
import members from '../../../../src/probes/etcd/members.ts';
import metrics from '../../../../src/probes/etcd/metrics.ts';
import peerPort from '../../../../src/probes/etcd/peer-port.ts';
import read from '../../../../src/probes/etcd/read.ts';
import status from '../../../../src/probes/etcd/status.ts';
import type { Probe, Surroundings } from '../../../../src/probes/probe.ts';
import { GapError } from '../../../../src/sources/source.ts';
import { surroundings } from '../kit/around.ts';
import type { Issued } from '../kit/authority.ts';
import { type EtcdCluster, etcdBuilds, etcdMissing, etcdReleasesMissing, startEtcd } from '../kit/etcd.ts';

if (etcdMissing !== undefined) test.skip(`NOT RUN: ${etcdMissing}`, () => {});
for (const release of etcdReleasesMissing)
  test.skip(`etcd ${release}x is neither installed nor built (npm run lab -- setup): NOT RUN`, () => {});

describe.each(etcdMissing === undefined ? etcdBuilds : [])('a real cluster of etcd $version', ({ version, etcd }) => {
  let cluster: EtcdCluster;
  let around: Surroundings;
  let access: { readonly authority: Issued; readonly client: Issued };

  beforeAll(async () => {
    cluster = await startEtcd(3, {}, { etcd });
    for (let key = 0; key < 20; key++) cluster.etcdctl(['put', `/registry/x/${key}`, 'value']);
    access = { authority: cluster.authority.own, client: cluster.client };
    around = await surroundings({ topology: { members: cluster.members }, etcd: access });
  });
  afterAll(() => cluster?.stop());

  async function look<Id extends EvidenceId>(probe: Probe<Id>, index: number, where = around): Promise<EvidenceTypes[Id]> {
    const subject = cluster.members[index]?.subject;
    if (subject === undefined) throw new Error('no such member');
    return probe.read((await probe.gather(subject, where)).raw);
  }

  function etcdctlJson(argv: readonly string[]): string {
    return cluster.etcdctl([...argv, '--write-out=json']);
  }

  test('status, with ids no JavaScript number holds, is what etcdctl prints', async () => {
    const seen = await look(status, 0);
    const printed = etcdctlJson(['endpoint', 'status']);
    if (seen.kind !== 'answered') throw new Error(seen.detail);
    expect(printed).toContain(`"member_id":${BigInt(`0x${seen.memberId}`)}`);
    expect(printed).toContain(`"cluster_id":${BigInt(`0x${seen.clusterId}`)}`);
    expect(printed).toContain(`"leader":${BigInt(`0x${seen.leaderId ?? ''}`)}`);
    expect(seen).toMatchObject({ version: expect.stringMatching(/^3\./), revision: '21', learner: false, errors: [] });
    expect(seen.dbSize).toBeGreaterThan(0);
    const others = await Promise.all([look(status, 1), look(status, 2)]);
    expect(new Set([seen, ...others].map((one) => one.kind === 'answered' && one.leaderId)).size).toBe(1);
  });

  test('gRPC gives the same status as the gateway', async () => {
    const gateway = await look(status, 1);
    const refusing = await surroundings({
      topology: { members: cluster.members },
      etcd: access,
      divert: (source) => ({ request: (asked) => source.request({ ...asked, path: '/no-gateway-here' }) }),
    });
    const direct = await look(status, 1, refusing);
    // etcd goes on between two questions.
    const moving = { raftIndex: '', appliedIndex: '', dbSize: 0, dbSizeInUse: 0 };
    expect({ ...direct, ...moving }).toEqual({ ...gateway, ...moving });
    expect(await look(members, 1, refusing)).toEqual(await look(members, 1));
    expect(await look(read, 1, refusing)).toMatchObject({ kind: 'read' });
  });

  test('members by the client port and by the peer port are the same', async () => {
    const byClient = await look(members, 0);
    const onlyPeer = await surroundings({
      topology: { members: cluster.members },
      etcd: access,
      divert: (source) => ({ request: (asked) => source.request(asked.path === '/members' ? asked : { ...asked, port: 1 }) }),
    });
    const byPeer = await look(members, 0, onlyPeer);
    if (byClient.kind !== 'answered') throw new Error(byClient.detail);
    expect(byPeer).toEqual(byClient);
    expect(byClient.members.map((member) => member.name).sort()).toEqual(['m1', 'm2', 'm3']);
    for (const member of byClient.members) expect(etcdctlJson(['member', 'list'])).toContain(`"ID":${BigInt(`0x${member.id}`)}`);
  });

  test('health, a read with quorum, counters and the ports', async () => {
    expect(await look(health, 0)).toEqual({ kind: 'healthy' });
    expect(await look(read, 0)).toMatchObject({ kind: 'read', milliseconds: expect.any(Number) });
    const counted = await Promise.all([0, 1, 2].map((index) => look(metrics, index)));
    expect(counted).toMatchObject(Array(3).fill({ kind: 'answered', hasLeader: true, version, proposalsPending: 0 }));
    expect(counted.filter((one) => one.kind === 'answered' && one.isLeader)).toHaveLength(1);
    expect(counted[0]).toMatchObject({
      knownPeers: [expect.any(String), expect.any(String)],
      quota: 2 ** 31,
      memberId: expect.stringMatching(/^[0-9a-f]+$/),
    });
    for (const port of [clientPort, peerPort]) {
      const knock = await look(port, 0);
      expect(knock.outcome).toEqual({ kind: 'open' });
      expect(knock.chain[0]).toMatchObject({ subject: 'CN=m1', issuer: 'CN=etcd-ca', addresses: ['127.0.0.1'] });
    }
  });

  test('the hash is etcdctl’s, equal on all members, at the lowest common revision', async () => {
    const values: Record<string, unknown> = {};
    for (const [index, member] of cluster.members.entries()) {
      const seen = await look(status, index);
      values[`etcd.status member/${member.subject.id}`] = { ...seen, revision: String(19 + index) };
    }
    const where = await surroundings({ topology: { members: cluster.members }, etcd: access, values });
    const hashes = await Promise.all([0, 1, 2].map((index) => look(hash, index, where)));
    expect(new Set(hashes.map((one) => one.hash)).size).toBe(1);
    expect(hashes[0]).toMatchObject({ revision: '19', compactRevision: expect.any(String) });
    expect(cluster.etcdctl(['endpoint', 'hashkv', '--rev=19'])).toContain(`, ${hashes[0]?.hash}\n`);
  });

  test('the clock has nanoseconds and lies between our own readings', async () => {
    const seen = await look(clock, 0);
    expect(seen.resolutionMs).toBe(0);
    expect(seen.serverTime).toBeGreaterThanOrEqual(seen.sentAt - 1);
    expect(seen.serverTime).toBeLessThanOrEqual(seen.receivedAt + 1);
  });

  test('without a certificate each says which flags would help', async () => {
    const bare = await surroundings({
      topology: { members: cluster.members },
      values: { 'kube.may-port-forward': { allowed: false, reason: '' } },
    });
    for (const probe of [status, members, read, hash, health, metrics, clock] as readonly Probe[]) {
      const error = await look(probe, 0, bare).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(GapError);
      expect(error).toMatchObject({ gap: { howToGet: '--etcd-cacert, --etcd-cert, --etcd-key' } });
    }
    expect((await look(clientPort, 0, bare)).outcome).toEqual({ kind: 'open' });
  });

  test('a stopped process hangs on every way, which is known and not a gap', async () => {
    await cluster.signal(2, 'SIGSTOP');
    const begun = Date.now();
    const [seen, port, said] = await Promise.all([look(status, 2), look(clientPort, 2), look(health, 2)]);
    await cluster.signal(2, 'SIGCONT');
    expect(seen).toMatchObject({ kind: 'failed', why: 'hung' });
    expect(port.outcome).toMatchObject({ kind: 'failed', why: 'hung' });
    expect(said).toMatchObject({ kind: 'failed', why: 'hung' });
    expect(Date.now() - begun).toBeLessThan(8000);
  });

  test('two members killed: the third knows no leader, refuses reads at once and still lists members', async () => {
    await cluster.signal(1, 'SIGKILL');
    await cluster.signal(2, 'SIGKILL');
    await expect
      .poll(async () => (await look(status, 0)).kind === 'answered' && !('leaderId' in (await look(status, 0))), { timeout: 8000 })
      .toBe(true);
    expect(await look(status, 0)).toMatchObject({ errors: ['etcdserver: no leader'] });
    expect(await look(status, 1)).toMatchObject({ kind: 'failed', why: 'refused' });
    expect(await look(read, 0)).toMatchObject({ kind: 'refused', error: expect.stringContaining('no leader') });
    expect(await look(health, 0)).toEqual({ kind: 'unhealthy', reason: version < '3.5' ? '' : 'RAFT NO LEADER' });
    expect(await look(members, 0)).toMatchObject({ kind: 'answered', members: [{}, {}, {}] });
    expect(await look(metrics, 0)).toMatchObject({ hasLeader: false });
    expect(await look(clock, 0)).toMatchObject({ resolutionMs: 0 });
  });

  test('its gateway is cut off from its server, and gRPC still tells everything', async () => {
    const day = 86_400_000;
    const sick = await startEtcd(1, { from: Date.now() - 9 * day, until: Date.now() - day }, { etcd });
    try {
      const where = await surroundings({
        topology: { members: sick.members },
        etcd: { authority: sick.authority.own, client: sick.client },
      });
      const subject = sick.members[0]?.subject;
      if (subject === undefined) throw new Error('no member');
      const gathered = await status.gather(subject, where);
      expect(JSON.parse(gathered.raw).tries[0].answer).toMatchObject({ status: 503, body: expect.stringContaining('"code":14') });
      expect(status.read(gathered.raw)).toMatchObject({ kind: 'answered', version, leaderId: expect.any(String) });
      expect(read.read((await read.gather(subject, where)).raw)).toMatchObject({ kind: 'read' });
      expect(members.read((await members.gather(subject, where)).raw)).toMatchObject({ kind: 'answered', members: [{ name: 'm1' }] });
      expect(clientPort.read((await clientPort.gather(subject, where)).raw)).toMatchObject({
        outcome: { kind: 'open' },
        chain: [{ subject: 'CN=m1' }],
      });
    } finally {
      await sick.stop();
    }
  });
});
