// Which hash does one member compute over its keys at a revision that all members have?
import { z } from 'zod';
import { subjectKey } from '../../model/subject.ts';
import { defineProbe, type Surroundings } from '../probe.ts';
import { errorText, messageOf } from '../shared/etcd-read.ts';
import { gap, memberOf, needEtcdCertificate } from '../shared/gaps.ts';
import { encodeNumber, numberAt } from '../shared/protobuf.ts';
import { parseRaw, rawTry } from '../shared/raw.ts';

/** A hash walks over every key: beyond this size (1 GiB) only when asked for. */
const largest = 2 ** 30;
/** Reading 1 GiB from a cold disk takes a while. */
const patient = { connect: 1000, tls: 1000, firstByte: 8000 };

export default defineProbe({
  id: 'etcd.hash',
  title: 'a hash over a member’s keys',
  why: 'Members that differ at one revision have lost each other’s writes, and only this shows it.',
  reads: [],
  after: ['etcd.status'],
  afterEvery: ['etcd.status'],
  timeoutMs: 11_000,
  gather: async (subject, around) => {
    needEtcdCertificate(around);
    const { host, clientPort } = memberOf(subject, around.topology);
    const status = around.value('etcd.status', subject);
    if (status?.kind !== 'answered')
      throw gap(
        'failed',
        `member ${subject.name} did not answer`,
        `etcdctl endpoint status --endpoints https://${host}:${clientPort}`,
        subjectKey(subject),
      );
    if ((status.dbSizeInUse ?? status.dbSize) > largest && !around.settings.deep) {
      throw gap('not-collected', 'hashing more than 1 GiB would burden the member', '--deep');
    }
    const revision = commonRevision(around);
    const call = encodeNumber(1, revision);
    const one = await around.source.grpc(host, clientPort, '/etcdserverpb.Maintenance/HashKV', call, around.signal, { deadlines: patient });
    if (messageOf(one) === undefined)
      throw gap('failed', `no hash at revision ${revision}: ${one.failure?.detail ?? errorText(one)}`, '--deep', subjectKey(subject));
    return { raw: JSON.stringify({ revision: String(revision), tries: [one] }), source: 'etcd certificate' };
  },
  read: (raw) => {
    const { revision, tries } = parseRaw(raw, z.object({ revision: z.string().regex(/^\d+$/), tries: z.array(rawTry).length(1) }));
    const message = messageOf(tries[0]);
    if (message === undefined) throw new Error('the recorded call of HashKV did not succeed');
    return { revision, compactRevision: String(numberAt(message, 3)), hash: String(numberAt(message, 2)) };
  },
});

/** The lowest revision among the members that answered: every one of them has it. */
function commonRevision({ topology, value }: Surroundings): bigint {
  const revisions = topology.members.flatMap((member) => {
    const status = value('etcd.status', member.subject);
    return status?.kind === 'answered' ? [BigInt(status.revision)] : [];
  });
  return [...revisions].sort((one, other) => (one < other ? -1 : 1))[0] ?? 0n;
}
