// Which members does one member count, asked in a way that needs no quorum?
import * as z from 'zod';
import type { Asked, EtcdMember, EtcdMemberList } from '../../model/etcd.ts';
import type { RawTry } from '../../sources/source.ts';
import { defineProbe } from '../probe.ts';
import { askBothPorts, askPeer, callMember, gatewayRefused } from '../shared/etcd-ask.ts';
import { executeAccess, mayExecute, printedIn, runEtcdctl } from '../shared/etcd-exec.ts';
import { hex, messageOf, rawMember, silenceOf, uint64 } from '../shared/etcd-read.ts';
import { memberOf, needEtcdCertificate } from '../shared/gaps.ts';
import { checkShape, line, listOf, optionalLine, parseJsonKeepingIntegers } from '../shared/json.ts';
import { type Fields, messagesAt, numberAt, textAt, textsAt } from '../shared/protobuf.ts';
import { parseRaw } from '../shared/raw.ts';
import { cleanLine } from '../shared/text.ts';
import { bestTry } from '../shared/window.ts';

const what = 'the member list';
const urls = { name: optionalLine, peerURLs: listOf(line), clientURLs: listOf(line), isLearner: z.boolean().prefault(false) };
const answer = z.object({ header: z.object({ cluster_id: uint64 }), members: listOf(z.object({ ID: uint64, ...urls })) });
const peerAnswer = z.array(z.object({ id: uint64, ...urls }));

/** Without the flag, etcdctl up to 3.4 gets its member's own list, a later one waits for a quorum. */
const listing = [
  ['member', 'list', '--consistency=s'],
  ['member', 'list'],
];

export default defineProbe({
  id: 'etcd.members',
  title: 'the membership as one member knows it',
  why: 'Quorum is counted from this list, members that never started included.',
  reads: executeAccess,
  after: [],
  afterWithoutEtcd: ['kube.control-plane-pods'],
  timeoutMs: 9000,
  gather: async (subject, around) => {
    const member = memberOf(subject, around.topology);
    if (mayExecute(member, around)) return runEtcdctl(member.pod, listing, around);
    needEtcdCertificate(around);
    const question = { path: '/v3/cluster/member/list', body: '{"linearizable":false}' };
    const { tries, peer } = await askBothPorts(member, question, '/members', around);
    // An empty message asks for no linearizable answer either.
    const grpc = gatewayRefused(tries) ? await callMember(member, '/etcdserverpb.Cluster/MemberList', new Uint8Array(), around) : undefined;
    const needsPeer = grpc !== undefined && messageOf(grpc) === undefined;
    return {
      raw: JSON.stringify({ tries, grpc, peer: needsPeer ? await askPeer(member, '/members', around) : peer }),
      source: 'etcd certificate',
    };
  },
  read: (raw): Asked<EtcdMemberList> => {
    const printed = printedIn(raw);
    if (printed !== undefined) return fromGateway(printed);
    const { tries, grpc, peer } = parseRaw(raw, rawMember);
    const message = messageOf(grpc);
    if (message !== undefined) return fromMessage(message);
    const best = bestTry(tries);
    if (best?.answer?.status === 200) return fromGateway(best.answer.body);
    return peer?.answer?.status === 200 ? fromPeer(peer, peer.answer.body) : silenceOf(tries);
  },
});

function fromGateway(body: string): Asked<EtcdMemberList> {
  const { header, members } = checkShape(answer, parseJsonKeepingIntegers(body, what), what);
  return { kind: 'answered', clusterId: hex(header.cluster_id), members: members.map(({ ID, ...member }) => describe(ID, member)) };
}

/** The peer port writes ids as bare numbers beyond 2^53, and the cluster's id into a header, in hex. */
function fromPeer(one: RawTry, body: string): Asked<EtcdMemberList> {
  const members = checkShape(peerAnswer, parseJsonKeepingIntegers(body, what), what);
  const clusterId = one.answer?.headers['x-etcd-cluster-id'] ?? '';
  if (!/^[0-9a-f]{1,16}$/i.test(clusterId)) throw new Error(`${what} came without the cluster's id`);
  return { kind: 'answered', clusterId: clusterId.toLowerCase(), members: members.map(({ id, ...member }) => describe(id, member)) };
}

/** Field numbers: MemberListResponse and Member in etcd's api/etcdserverpb/rpc.proto. */
function fromMessage(fields: Fields): Asked<EtcdMemberList> {
  const header = messagesAt(fields, 1)[0];
  if (header === undefined) throw new Error(`${what} has no header`);
  const members = messagesAt(fields, 2).map((member) =>
    describe(numberAt(member, 1), {
      name: cleanLine(textAt(member, 2)),
      peerURLs: textsAt(member, 3).map((url) => cleanLine(url)),
      clientURLs: textsAt(member, 4).map((url) => cleanLine(url)),
      isLearner: numberAt(member, 5) === 1n,
    }),
  );
  return { kind: 'answered', clusterId: hex(numberAt(header, 1)), members };
}

interface Described {
  readonly name: string;
  readonly peerURLs: readonly string[];
  readonly clientURLs: readonly string[];
  readonly isLearner: boolean;
}

function describe(id: bigint, { name, peerURLs, clientURLs, isLearner }: Described): EtcdMember {
  return { id: hex(id), name, peerUrls: peerURLs, clientUrls: clientURLs, learner: isLearner };
}
