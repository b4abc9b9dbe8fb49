// Does an independent client see what our own readers see, and does looking leave no trace in etcd?
import { Etcd3 } from 'etcd3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readFileSync } from 'node:fs';
import type { EvidenceId, EvidenceTypes } from '../../../../src/model/evidence.ts';
import hash from '../../../../src/probes/etcd/hash.ts';
import health from '../../../../src/probes/etcd/health.ts';
import members from '../../../../src/probes/etcd/members.ts';
import metrics from '../../../../src/probes/etcd/metrics.ts';
import read from '../../../../src/probes/etcd/read.ts';
import status from '../../../../src/probes/etcd/status.ts';
import type { Probe, Surroundings } from '../../../../src/probes/probe.ts';
import { surroundings } from '../kit/around.ts';
import { type EtcdCluster, etcdMissing, startEtcd } from '../kit/etcd.ts';

let cluster: EtcdCluster;
let client: Etcd3;
let around: Surroundings;

beforeAll(async () => {
  if (etcdMissing !== undefined) return;
  cluster = await startEtcd(1);
  const etcd = { authority: cluster.authority.own, client: cluster.client };
  around = await surroundings({ topology: { members: cluster.members }, etcd });
  client = new Etcd3({
    hosts: `https://localhost:${cluster.members[0]?.clientPort}`,
    credentials: {
      rootCertificate: readFileSync(cluster.authority.own.certificatePath),
      privateKey: readFileSync(cluster.client.keyPath),
      certChain: readFileSync(cluster.client.certificatePath),
    },
    grpcOptions: { 'grpc.ssl_target_name_override': '127.0.0.1' },
  });
  for (let key = 0; key < 5; key++) await client.put(`/registry/x/${key}`).value('value');
});

afterAll(async () => {
  client?.close();
  await cluster?.stop();
});

async function look<Id extends EvidenceId>(probe: Probe<Id>, where = around): Promise<EvidenceTypes[Id]> {
  const subject = cluster.members[0]?.subject;
  if (subject === undefined) throw new Error('no member');
  return probe.read((await probe.gather(subject, where)).raw);
}

describe.skipIf(etcdMissing !== undefined)(
  `etcd3 beside our readers${etcdMissing === undefined ? '' : ` (NOT RUN: ${etcdMissing})`}`,
  () => {
    test('the same status', async () => {
      const theirs = await client.maintenance.status();
      const ours = await look(status);
      if (ours.kind !== 'answered') throw new Error(ours.detail);
      expect(ours).toMatchObject({
        version: theirs.version,
        revision: theirs.header.revision,
        term: theirs.raftTerm,
        dbSize: Number(theirs.dbSize),
      });
      expect(BigInt(`0x${ours.memberId}`)).toBe(BigInt(theirs.header.member_id));
      expect(BigInt(`0x${ours.leaderId ?? '0'}`)).toBe(BigInt(theirs.leader));
    });

    test('the same members', async () => {
      const theirs = await client.cluster.memberList({});
      const ours = await look(members);
      if (ours.kind !== 'answered') throw new Error(ours.detail);
      expect(ours.members.map((member) => BigInt(`0x${member.id}`))).toEqual(theirs.members.map((member) => BigInt(member.ID)));
      expect(ours.members.map((member) => member.name)).toEqual(theirs.members.map((member) => member.name));
    });

    test('every way of looking changes nothing: no write is counted, the revision stays', async () => {
      const before = await writesCounted();
      const seen = await look(status);
      for (const probe of [members, health, metrics, read]) await look(probe as Probe);
      await look(hash, { ...around, value: () => seen as never });
      expect(await writesCounted()).toEqual(before);
      expect(before.get('Put')).toBe(5);
    });
  },
);

/** Requests that change something, by gRPC method, with the revision they left. */
async function writesCounted(): Promise<ReadonlyMap<string, number>> {
  const raw = await around.source.request({
    scheme: 'https',
    host: '127.0.0.1',
    port: cluster.members[0]?.clientPort ?? 0,
    path: '/metrics',
    identity: 'etcd',
    deadlines: { connect: 1000, tls: 1000, firstByte: 2000 },
    signal: AbortSignal.timeout(5000),
  });
  const body = raw.answer?.body ?? '';
  const counted = new Map<string, number>();
  for (const [, method = '', value = ''] of body.matchAll(/^grpc_server_started_total\{grpc_method="(\w+)"[^}]*\} (\S+)$/gm)) {
    if (!/^(Range|Status|MemberList|HashKV|Hash|Watch)$/.test(method)) counted.set(method, (counted.get(method) ?? 0) + Number(value));
  }
  const revision =
    /^etcd_debugging_mvcc_current_revision (\S+)$/m.exec(body)?.[1] ?? /^etcd_debugging_mvcc_put_total (\S+)$/m.exec(body)?.[1];
  return counted.set('revision or puts', Number(revision));
}
