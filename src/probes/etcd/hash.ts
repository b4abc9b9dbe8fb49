// Which hash does one member compute over its keys at a revision that all members have?
import { joinAddress } from '../../model/address.ts';
import * as z from 'zod';
import type { EvidenceTypes } from '../../model/evidence.ts';
import { subjectKey } from '../../model/subject.ts';
import type { Member } from '../../model/topology.ts';
import type { RawTry } from '../../sources/source.ts';
import { defineProbe, type Surroundings } from '../probe.ts';
import { askPeer } from '../shared/etcd-ask.ts';
import { errorText, messageOf, uint64 } from '../shared/etcd-read.ts';
import { gap, memberOf, needEtcdCertificate } from '../shared/gaps.ts';
import { encodeNumber, numberAt } from '../shared/protobuf.ts';
import { checkShape, parseJsonKeepingIntegers } from '../shared/json.ts';
import { parseRaw, rawTry } from '../shared/raw.ts';

const what = 'the hash of the member';
const rawHash = z.object({ revision: z.string().regex(/^\d+$/), tries: z.array(rawTry).length(1), peer: rawTry.exactOptional() });
/** -1 before the first compaction, which gRPC writes as the uint64 of the same bits. */
const signed = z
  .union([z.string().regex(/^-?\d{1,19}$/), z.number().int()])
  .prefault('0')
  .transform((text) => BigInt.asUintN(64, BigInt(text)));
const peerAnswer = z.object({ hash: uint64, compact_revision: signed });

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
    const member = memberOf(subject, around.topology);
    const status = around.value('etcd.status', subject);
    const revision = commonRevision(around);
    if (revision === 0n) {
      const how = `etcdctl endpoint status --endpoints https://${joinAddress(member.host, member.clientPort)}`;
      throw gap('failed', 'no member told its revision', how, subjectKey(subject));
    }
    if (sizeOf(status, around) > largest && !around.settings.deep) {
      throw gap('not-collected', 'hashing more than 1 GiB would burden the member', '--deep');
    }
    const one = status?.kind === 'answered' ? await callHash(member, revision, around) : undefined;
    if (messageOf(one) !== undefined)
      return { raw: JSON.stringify({ revision: String(revision), tries: [one] }), source: 'etcd certificate' };
    // A member whose client port is of no use may still speak to its peers, and to us as one of them (from 3.5 on).
    const peer = await askPeer(member, '/members/hashkv', around, `{"revision":${revision}}`);
    if (peer.answer?.status !== 200) {
      const why = one === undefined ? `member ${subject.name} did not answer` : `no hash at revision ${revision}: ${wordsOf(one)}`;
      throw gap('failed', why, '--deep', subjectKey(subject));
    }
    return { raw: JSON.stringify({ revision: String(revision), tries: [one ?? peer], peer }), source: 'peer port' };
  },
  read: (raw) => {
    const { revision, tries, peer } = parseRaw(raw, rawHash);
    if (peer?.answer !== undefined) {
      const said = checkShape(peerAnswer, parseJsonKeepingIntegers(peer.answer.body, what), what);
      return { revision, compactRevision: String(said.compact_revision), hash: String(said.hash) };
    }
    const message = messageOf(tries[0]);
    if (message === undefined) throw new Error('the recorded call of HashKV did not succeed');
    return { revision, compactRevision: String(numberAt(message, 3)), hash: String(numberAt(message, 2)) };
  },
});

function callHash({ host, clientPort }: Member, revision: bigint, { source, signal }: Surroundings): Promise<RawTry> {
  return source.grpc(host, clientPort, '/etcdserverpb.Maintenance/HashKV', encodeNumber(1, revision), signal, { deadlines: patient });
}

function wordsOf(one: RawTry): string {
  return one.failure?.detail ?? errorText(one);
}

/** Bytes; of a member that did not tell, as many as the largest that did. */
function sizeOf(own: EvidenceTypes['etcd.status'] | undefined, { topology, value }: Surroundings): number {
  const all = own?.kind === 'answered' ? [own] : topology.members.map((member) => value('etcd.status', member.subject));
  return Math.max(0, ...all.map((status) => (status?.kind === 'answered' ? (status.dbSizeInUse ?? status.dbSize) : 0)));
}

/** The lowest revision among the members that answered: every one of them has it. */
function commonRevision({ topology, value }: Surroundings): bigint {
  const revisions = topology.members.flatMap((member) => {
    const status = value('etcd.status', member.subject);
    return status?.kind === 'answered' ? [BigInt(status.revision)] : [];
  });
  return [...revisions].sort((one, other) => (one < other ? -1 : 1))[0] ?? 0n;
}
