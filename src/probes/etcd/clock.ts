// What time is it on the machine of one member?
import { setTimeout as pause } from 'node:timers/promises';
import * as z from 'zod';
import type { ClockReading } from '../../model/evidence.ts';
import { subjectKey } from '../../model/subject.ts';
import type { Member } from '../../model/topology.ts';
import type { RawTry } from '../../sources/source.ts';
import { defineProbe, type Gathered, type Surroundings } from '../probe.ts';
import { askMember, askMetricsPath, askPeer, forwardAccess, headStart } from '../shared/etcd-ask.ts';
import { etcdAccessFlags, gap, hasEtcdCertificate, memberOf } from '../shared/gaps.ts';
import { parseRaw, rawTry, serverTimeOf } from '../shared/raw.ts';

export default defineProbe({
  id: 'etcd.clock',
  title: 'a member’s clock',
  why: 'Skew between members breaks certificates and leases, and makes logs lie.',
  reads: forwardAccess,
  after: [],
  afterWithoutEtcd: ['kube.may-port-forward', 'kube.control-plane-pods'],
  timeoutMs: 9000,
  gather: async (subject, around) => {
    const member = memberOf(subject, around.topology);
    const gathered = await (hasEtcdCertificate(around) ? askClocks(member, around) : askMetricsPath(member, '/health', around));
    if (!triesIn(gathered.raw).some((one) => serverTimeOf(one) !== undefined)) {
      throw gap('failed', `member ${subject.name} told no time`, etcdAccessFlags, subjectKey(subject));
    }
    return gathered;
  },
  read: readReading,
});

/** The peer port tells nanoseconds; the client port's Date header stands in where that takes long or says nothing. */
async function askClocks(member: Member, around: Surroundings): Promise<Gathered> {
  const peer = askPeer(member, '/raft/probing', around);
  const isExact = peer.then((one) => nanoseconds(one) !== undefined);
  const soon = await Promise.race([isExact, pause(headStart, false, { ref: false })]);
  const [exact, coarse] = await Promise.all([peer, soon ? [] : askMember(member, { path: '/version' }, around)]);
  return { raw: JSON.stringify({ tries: [exact, ...coarse] }), source: 'etcd certificate' };
}

function triesIn(raw: string): readonly RawTry[] {
  return parseRaw(raw, z.object({ tries: z.array(rawTry).min(1) })).tries;
}

function readReading(raw: string): ClockReading {
  const tries = triesIn(raw);
  const firstSentAt = Math.min(...tries.map((one) => one.sentAt));
  for (const one of tries) {
    const exact = nanoseconds(one);
    const serverTime = exact ?? serverTimeOf(one);
    if (serverTime === undefined) continue;
    const reading = { sentAt: one.sentAt, receivedAt: one.receivedAt, serverTime, resolutionMs: exact === undefined ? 1000 : 0 };
    return firstSentAt < one.sentAt ? { ...reading, firstSentAt } : reading;
  }
  throw new Error('none of the answers told the time');
}

/** Milliseconds since 1970 from /raft/probing, which writes RFC 3339 with nanoseconds; undefined for any other answer. */
function nanoseconds(one: RawTry): number | undefined {
  const now = /^\s*\{[^{}]*"Now"\s*:\s*"([^"]{20,40})"/.exec(one.answer?.body ?? '')?.[1];
  const time = Date.parse(now ?? '');
  return one.answer?.status !== 200 || Number.isNaN(time) ? undefined : time;
}
