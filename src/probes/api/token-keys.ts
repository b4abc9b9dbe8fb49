// By which keys does one API server accept the tokens of service accounts?
import { joinAddress } from '../../model/address.ts';
import * as z from 'zod';
import { subjectKey } from '../../model/subject.ts';
import { deadlines } from '../../sources/source.ts';
import { defineProbe } from '../probe.ts';
import { gap, masterOf, refusalOf } from '../shared/gaps.ts';
import { line, listOf } from '../shared/json.ts';
import { readObject } from '../shared/kubernetes.ts';

const path = '/openid/v1/jwks';

export default defineProbe({
  id: 'api.token-keys',
  title: 'keys for service accounts’ tokens',
  why: 'Pods are turned away by the one API server that holds another key than the rest.',
  reads: [{ verb: 'get', group: '', resource: path }],
  after: [],
  timeoutMs: 9000,
  gather: async (subject, { source, topology, signal }) => {
    const { host, port } = masterOf(subject, topology);
    const one = await source.request({ scheme: 'https', host, port, path, identity: 'operator', deadlines: deadlines.usual, signal });
    const what = `keys of API server ${subject.name}`;
    const howToGet = `kubectl --server https://${joinAddress(host, port)} get --raw ${path}`;
    if (one.answer === undefined) throw gap('failed', `${what}: ${one.failure?.detail ?? 'no answer'}`, howToGet, subjectKey(subject));
    if (one.answer.status !== 200) throw refusalOf(one, what, topology, howToGet);
    return { raw: JSON.stringify({ tries: [one] }), source: 'direct' };
  },
  read: (raw) => {
    const { keys } = readObject(raw, z.object({ keys: listOf(z.object({ kid: line })) }), 'the keys');
    return { keys: [...new Set(keys.map(({ kid }) => kid))].sort() };
  },
});
