// Does the peer port give the hash that the client port would, where the client port is of no use?
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import hash from '../../../../src/probes/etcd/hash.ts';
import status from '../../../../src/probes/etcd/status.ts';
import { subjectKey } from '../../../../src/model/subject.ts';
import { surroundings } from '../kit/around.ts';
import { type EtcdCluster, etcdMissing, laterEtcd, startEtcd } from '../kit/etcd.ts';

if (laterEtcd === undefined) console.warn('the lab has built no etcd of 3.5 or later here: the hash of the peer port is not tested');

describe.skipIf(etcdMissing !== undefined || laterEtcd === undefined)('a real member from 3.5 on', () => {
  let cluster: EtcdCluster;
  beforeAll(async () => {
    cluster = await startEtcd(1, {}, { etcd: laterEtcd ?? '' });
    cluster.etcdctl(['put', 'a', '1']);
  }, 60_000);
  afterAll(async () => cluster?.stop());

  test('both ports give one hash', async () => {
    const [member] = cluster.members;
    if (member === undefined) throw new Error('no member was started');
    const wanted = { topology: { members: [member] }, etcd: { authority: cluster.authority.own, client: cluster.client } };
    const around = await surroundings(wanted);
    const said = status.read((await status.gather(member.subject, around)).raw);
    const values = { [`etcd.status ${subjectKey(member.subject)}`]: said };
    const asked = await surroundings({ ...wanted, values });
    const direct = await hash.gather(member.subject, asked);
    expect(direct.source).toBe('etcd certificate');
    const cut = await surroundings({
      ...wanted,
      values,
      divert: (source) => ({ grpc: (_host, _port, ...rest) => source.grpc('127.0.0.1', 1, ...rest) }),
    });
    const peer = await hash.gather(member.subject, cut);
    expect(peer.source).toBe('peer port');
    expect(hash.read(peer.raw)).toEqual(hash.read(direct.raw));
    expect(Number(hash.read(peer.raw).hash)).toBeGreaterThan(0);
  }, 60_000);
});
