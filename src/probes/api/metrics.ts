// How many requests did one API server serve, fail, cut off or turn away since it started, and how long did they take?
import { joinAddress } from '../../model/address.ts';
import * as z from 'zod';
import { subjectKey } from '../../model/subject.ts';
import { deadlines } from '../../sources/source.ts';
import { defineProbe } from '../probe.ts';
import { keepApiMetrics, readApiMetrics } from '../shared/api-metrics.ts';
import { gap, masterOf, refusalOf } from '../shared/gaps.ts';
import { parseRaw, rawTry } from '../shared/raw.ts';

export default defineProbe({
  id: 'api.metrics',
  title: 'request counters of one API server',
  why: 'Shows whether clients get errors, wait or are turned away while every health check is green.',
  reads: [{ verb: 'get', group: '', resource: '/metrics' }],
  after: [],
  timeoutMs: 9000,
  again: 'only',
  gather: async (subject, { source, topology, signal }) => {
    const { host, port } = masterOf(subject, topology);
    const one = await source.request({
      scheme: 'https',
      host,
      port,
      path: '/metrics',
      identity: 'operator',
      deadlines: deadlines.health,
      signal,
    });
    const what = `the counters of API server ${subject.name}`;
    const howToGet = `kubectl --server https://${joinAddress(host, port)} get --raw /metrics`;
    if (one.answer === undefined) throw gap('failed', `${what}: ${one.failure?.detail ?? 'no answer'}`, howToGet, subjectKey(subject));
    if (one.answer.status !== 200) throw refusalOf(one, what, topology, howToGet);
    const kept = { ...one, answer: { ...one.answer, body: keepApiMetrics(one.answer.body) } };
    return { raw: JSON.stringify({ tries: [kept] }), source: 'direct' };
  },
  read: (raw) => readApiMetrics(parseRaw(raw, z.object({ tries: z.array(rawTry).length(1) })).tries[0]?.answer?.body ?? ''),
});
