// What time is it on the machine of one member?
import { z } from 'zod';
import type { ClockReading } from '../../model/evidence.ts';
import { subjectKey } from '../../model/subject.ts';
import type { RawTry } from '../../sources/source.ts';
import { defineProbe } from '../probe.ts';
import { askMember, askMetricsPath, askPeer } from '../shared/etcd-ask.ts';
import { etcdFlags, gap, hasEtcdCertificate, memberOf } from '../shared/gaps.ts';
import { parseRaw, rawTry, serverTimeOf } from '../shared/raw.ts';

export default defineProbe({
  id: 'etcd.clock',
  title: 'a member’s clock',
  why: 'Skew between members breaks certificates and leases, and makes logs lie.',
  reads: [{ verb: 'create', group: '', resource: 'pods/portforward', namespace: 'kube-system' }],
  after: [],
  afterWithoutEtcd: ['kube.may-port-forward', 'kube.control-plane-pods'],
  timeoutMs: 9000,
  gather: async (subject, around) => {
    const member = memberOf(subject, around.topology);
    if (!hasEtcdCertificate(around)) return needTime(await askMetricsPath(member, '/health', around));
    const peer = await askPeer(member, '/raft/probing', around);
    if (nanoseconds(peer) !== undefined) return { raw: JSON.stringify({ tries: [peer] }), source: 'etcd certificate' };
    const tries = await askMember(member, { path: '/version' }, around);
    if (!tries.some(tellsTime)) throw gap('failed', `member ${subject.name} told no time`, etcdFlags, subjectKey(subject));
    return { raw: JSON.stringify({ tries: [peer, ...tries] }), source: 'etcd certificate' };
  },
  read: readReading,
});

function needTime<Answer extends { readonly raw: string }>(gathered: Answer): Answer {
  readReading(gathered.raw);
  return gathered;
}

function readReading(raw: string): ClockReading {
  const { tries } = parseRaw(raw, z.object({ tries: z.array(rawTry).min(1) }));
  for (const one of tries) {
    const exact = nanoseconds(one);
    const serverTime = exact ?? serverTimeOf(one);
    if (serverTime === undefined) continue;
    return { sentAt: one.sentAt, receivedAt: one.receivedAt, serverTime, resolutionMs: exact === undefined ? 1000 : 0 };
  }
  throw new Error('none of the answers told the time');
}

function tellsTime(one: RawTry): boolean {
  return serverTimeOf(one) !== undefined;
}

/** Milliseconds since 1970 from /raft/probing, which writes RFC 3339 with nanoseconds; undefined for any other answer. */
function nanoseconds(one: RawTry): number | undefined {
  const now = /^\s*\{[^{}]*"Now"\s*:\s*"([^"]{20,40})"/.exec(one.answer?.body ?? '')?.[1];
  const time = Date.parse(now ?? '');
  return one.answer?.status !== 200 || Number.isNaN(time) ? undefined : time;
}
