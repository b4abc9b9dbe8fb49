// What does one member say about itself: leader, term, revision, size, alarms?
import * as z from 'zod';
import type { Asked, EtcdStatus } from '../../model/etcd.ts';
import { defineProbe } from '../probe.ts';
import { askMember, callMember, gatewayRefused } from '../shared/etcd-ask.ts';
import { executeAccess, mayExecute, printedIn, runEtcdctl } from '../shared/etcd-exec.ts';
import { byteCount, hex, messageOf, rawMember, silenceOf, uint64, uint64OrZero } from '../shared/etcd-read.ts';
import { memberOf, needEtcdCertificate } from '../shared/gaps.ts';
import { checkShape, line, listOf, optionalLine, parseJsonKeepingIntegers } from '../shared/json.ts';
import { type Fields, messagesAt, numberAt, textAt, textsAt } from '../shared/protobuf.ts';
import { parseRaw } from '../shared/raw.ts';
import { cleanLine } from '../shared/text.ts';
import { bestTry } from '../shared/window.ts';

const what = 'the status of the member';
const answer = z.object({
  header: z.object({ cluster_id: uint64, member_id: uint64, revision: uint64OrZero, raft_term: uint64OrZero }),
  version: optionalLine,
  dbSize: uint64OrZero,
  leader: uint64OrZero,
  raftIndex: uint64OrZero,
  raftAppliedIndex: uint64OrZero,
  errors: listOf(line),
  dbSizeInUse: uint64OrZero,
  dbSizeQuota: uint64OrZero,
  isLearner: z.boolean().prefault(false),
  storageVersion: optionalLine,
  downgradeInfo: z.object({ enabled: z.boolean().prefault(false), targetVersion: optionalLine }).prefault({}),
});
const printedAnswer = z.array(z.object({ Status: answer })).length(1);
type Status = z.output<typeof answer>;

export default defineProbe({
  id: 'etcd.status',
  title: 'a member’s own status',
  why: 'Served without quorum, so it says who leads, or that nobody does, in every state a member can answer in.',
  reads: executeAccess,
  after: [],
  afterWithoutEtcd: ['kube.control-plane-pods'],
  timeoutMs: 9000,
  gather: async (subject, around) => {
    const member = memberOf(subject, around.topology);
    if (mayExecute(member, around)) return runEtcdctl(member.pod, [['endpoint', 'status']], around);
    needEtcdCertificate(around);
    const tries = await askMember(member, { path: '/v3/maintenance/status', body: '{}' }, around);
    const grpc = gatewayRefused(tries) ? await callMember(member, '/etcdserverpb.Maintenance/Status', new Uint8Array(), around) : undefined;
    return { raw: JSON.stringify({ tries, grpc }), source: 'etcd certificate' };
  },
  read: (raw): Asked<EtcdStatus> => {
    const printed = printedIn(raw);
    if (printed !== undefined) return fromEtcdctl(printed);
    const { tries, grpc } = parseRaw(raw, rawMember);
    const message = messageOf(grpc);
    if (message !== undefined) return reduce(fromMessage(message));
    const best = bestTry(tries);
    if (best?.answer?.status !== 200) return silenceOf(grpc === undefined || grpc.answer !== undefined ? tries : [grpc]);
    return reduce(checkShape(answer, parseJsonKeepingIntegers(best.answer.body, what), what));
  },
});

/** etcdctl asks the one endpoint it was given, and writes every uint64 as a bare number. */
function fromEtcdctl(output: string): Asked<EtcdStatus> {
  const [one] = checkShape(printedAnswer, parseJsonKeepingIntegers(output, what), what);
  if (one === undefined) throw new Error(`${what} is empty`);
  return reduce(one.Status);
}

/** Field numbers: StatusResponse and ResponseHeader in etcd's api/etcdserverpb/rpc.proto. */
function fromMessage(fields: Fields): Status {
  const header = messagesAt(fields, 1)[0];
  if (header === undefined) throw new Error(`${what} has no header`);
  const downgrade = messagesAt(fields, 13)[0];
  return {
    header: {
      cluster_id: numberAt(header, 1),
      member_id: numberAt(header, 2),
      revision: numberAt(header, 3),
      raft_term: numberAt(header, 4),
    },
    version: cleanLine(textAt(fields, 2)),
    dbSize: numberAt(fields, 3),
    leader: numberAt(fields, 4),
    raftIndex: numberAt(fields, 5),
    raftAppliedIndex: numberAt(fields, 7),
    errors: textsAt(fields, 8).map((text) => cleanLine(text)),
    dbSizeInUse: numberAt(fields, 9),
    dbSizeQuota: numberAt(fields, 12),
    isLearner: numberAt(fields, 10) === 1n,
    storageVersion: cleanLine(textAt(fields, 11)),
    downgradeInfo: {
      enabled: downgrade !== undefined && numberAt(downgrade, 1) === 1n,
      targetVersion: cleanLine(downgrade ? textAt(downgrade, 2) : ''),
    },
  };
}

/** Sizes of 0 come from versions that do not tell them. */
function reduce(status: Status): Asked<EtcdStatus> {
  return {
    kind: 'answered',
    clusterId: hex(status.header.cluster_id),
    memberId: hex(status.header.member_id),
    ...(status.leader === 0n ? {} : { leaderId: hex(status.leader) }),
    version: status.version,
    revision: String(status.header.revision),
    term: String(status.header.raft_term),
    raftIndex: String(status.raftIndex),
    appliedIndex: String(status.raftAppliedIndex),
    dbSize: byteCount(status.dbSize),
    ...(status.dbSizeInUse === 0n ? {} : { dbSizeInUse: byteCount(status.dbSizeInUse) }),
    ...(status.dbSizeQuota === 0n ? {} : { dbSizeQuota: byteCount(status.dbSizeQuota) }),
    learner: status.isLearner,
    ...(status.storageVersion === '' ? {} : { storageVersion: status.storageVersion }),
    ...(status.downgradeInfo.enabled ? { downgradeTo: status.downgradeInfo.targetVersion || 'an older version' } : {}),
    errors: status.errors,
  };
}
