// Does a read that needs a quorum come back from one member, and how fast?
import type { EtcdRead } from '../../model/etcd.ts';
import type { RawTry } from '../../sources/source.ts';
import { defineProbe } from '../probe.ts';
import { askMember, callMember, gatewayRefused } from '../shared/etcd-ask.ts';
import { errorText, rawMember, silenceOf } from '../shared/etcd-read.ts';
import { memberOf, needEtcdCertificate } from '../shared/gaps.ts';
import { encodeText } from '../shared/protobuf.ts';
import { parseRaw } from '../shared/raw.ts';
import { bestTry } from '../shared/window.ts';

/** etcdctl's own health check reads the same key; it need not exist. */
const key = 'health';
const body = JSON.stringify({ key: Buffer.from(key).toString('base64') });
/** Without it a member that knows no leader waits for seven seconds before it says so. */
const headers = { 'grpc-metadata-hasleader': 'true' };

export default defineProbe({
  id: 'etcd.read',
  title: 'a read with quorum',
  why: 'The one proof that a member serves API servers, and how long they wait for it.',
  reads: [],
  after: [],
  timeoutMs: 9000,
  gather: async (subject, around) => {
    needEtcdCertificate(around);
    const member = memberOf(subject, around.topology);
    const tries = await askMember(member, { path: '/v3/kv/range', body, headers }, around);
    const grpc = gatewayIsCutOff(tries)
      ? await callMember(member, '/etcdserverpb.KV/Range', encodeText(1, key), around, { hasleader: 'true' })
      : undefined;
    return { raw: JSON.stringify({ tries, grpc }), source: 'etcd certificate' };
  },
  read: (raw): EtcdRead => {
    const { tries, grpc } = parseRaw(raw, rawMember);
    const best = grpc ?? bestTry(tries);
    if (best?.answer === undefined) return silenceOf(grpc === undefined ? tries : [grpc]);
    const failed = best.answer.status !== 200 || (grpc !== undefined && best.answer.headers['grpc-status'] !== '0');
    const error = failed ? errorText(best) : '';
    // A refusal for want of a user has been through consensus all the same.
    if (!failed || /permission denied|user name is empty/.test(error)) return { kind: 'read', milliseconds: best.receivedAt - best.sentAt };
    return { kind: 'refused', error };
  },
});

/** Errors of the server itself begin with its name; any other words are the gateway's, which cannot reach it or is switched off. */
function gatewayIsCutOff(tries: readonly RawTry[]): boolean {
  const best = bestTry(tries);
  return gatewayRefused(tries) && best !== undefined && !errorText(best).startsWith('etcdserver:');
}
