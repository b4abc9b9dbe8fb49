// Which release does one API server run, asked at its own address?
import { joinAddress } from '../../model/address.ts';
import * as z from 'zod';
import { subjectKey } from '../../model/subject.ts';
import { deadlines } from '../../sources/source.ts';
import { defineProbe } from '../probe.ts';
import { gap, masterOf, refusalOf } from '../shared/gaps.ts';
import { line } from '../shared/json.ts';
import { readObject } from '../shared/kubernetes.ts';

export default defineProbe({
  id: 'api.release',
  title: 'the release of one API server',
  why: 'API servers that are more than one minor version apart contradict each other.',
  reads: [{ verb: 'get', group: '', resource: '/version' }],
  after: [],
  timeoutMs: 9000,
  gather: async (subject, { source, topology, signal }) => {
    const { host, port } = masterOf(subject, topology);
    const one = await source.request({
      scheme: 'https',
      host,
      port,
      path: '/version',
      identity: 'operator',
      deadlines: deadlines.usual,
      signal,
    });
    const what = `the release of API server ${subject.name}`;
    const howToGet = `kubectl --server https://${joinAddress(host, port)} version`;
    if (one.answer === undefined) throw gap('failed', `${what}: ${one.failure?.detail ?? 'no answer'}`, howToGet, subjectKey(subject));
    if (one.answer.status !== 200) throw refusalOf(one, what, topology, howToGet);
    return { raw: JSON.stringify({ tries: [one] }), source: 'direct' };
  },
  read: (raw) => readObject(raw, z.object({ gitVersion: line }), 'the release'),
});
