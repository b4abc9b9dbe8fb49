// How many requests did one API server fail or cut off since it started?
import { z } from 'zod';
import { subjectKey } from '../../model/subject.ts';
import { deadlines } from '../../sources/source.ts';
import { defineProbe } from '../probe.ts';
import { gap, masterOf, refusalOf } from '../shared/gaps.ts';
import { keepFamilies, parseMetrics, sumOf } from '../shared/metrics.ts';
import { parseRaw, rawTry } from '../shared/raw.ts';

const families = ['apiserver_request_total', 'apiserver_request_terminations_total', 'process_start_time_seconds'];

export default defineProbe({
  id: 'api.metrics',
  title: 'request counters of one API server',
  why: 'Shows whether clients get errors while every health check is green.',
  reads: [{ verb: 'get', group: '', resource: '/metrics' }],
  after: [],
  timeoutMs: 9000,
  sampled: true,
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
    const howToGet = `kubectl --server https://${host}:${port} get --raw /metrics`;
    if (one.answer === undefined) throw gap('failed', `${what}: ${one.failure?.detail ?? 'no answer'}`, howToGet, subjectKey(subject));
    if (one.answer.status !== 200) throw refusalOf(one, what, topology, howToGet);
    const kept = { ...one, answer: { ...one.answer, body: keepFamilies(one.answer.body, families) } };
    return { raw: JSON.stringify({ tries: [kept] }), source: 'direct' };
  },
  read: (raw) => {
    const samples = parseMetrics(parseRaw(raw, z.object({ tries: z.array(rawTry).length(1) })).tries[0]?.answer?.body ?? '');
    const requests = sumOf(samples, 'apiserver_request_total');
    if (requests === undefined) throw new Error('the counters hold no apiserver_request_total');
    const serverErrors = sumOf(samples, 'apiserver_request_total', ({ code }) => /^5\d\d$/.test(code ?? '')) ?? 0;
    const processStart = sumOf(samples, 'process_start_time_seconds');
    const terminated = sumOf(samples, 'apiserver_request_terminations_total') ?? 0;
    return { requests, serverErrors, terminated, ...(processStart === undefined ? {} : { processStart }) };
  },
});
