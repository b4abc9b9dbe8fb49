// What does the API answer for the parts of it that somebody else serves?
import * as z from 'zod';
import type { AggregatedAnswer } from '../../model/admission.ts';
import { deadlines, GapError, type RawTry } from '../../sources/source.ts';
import { defineProbe, type Surroundings } from '../probe.ts';
import { gap } from '../shared/gaps.ts';
import { line } from '../shared/json.ts';
import { parseRaw } from '../shared/raw.ts';
import { cleanLine } from '../shared/text.ts';

/** More than any real cluster has; those beyond stay unknown. */
const mostApis = 12;

const recorded = z.object({ answers: z.array(z.object({ name: line, status: z.number().int(), body: z.string() })) });

export default defineProbe({
  id: 'kube.aggregated-answers',
  title: 'answers of aggregated APIs',
  why: 'Whether API servers trust what serves them shows only in an answer: what calls an API available does not verify its certificate.',
  reads: [{ verb: 'get', group: '', resource: '/apis/*' }],
  after: ['kube.api-services'],
  timeoutMs: 9000,
  gather: async (_subject, around) => {
    const listed = around.value('kube.api-services');
    if (listed === undefined) {
      const why = around.gap('kube.api-services');
      throw why === undefined ? gap('absent', 'no list of the registered APIs was read', 'kubectl get apiservices') : new GapError(why);
    }
    const remote = listed.services.filter((one) => one.service !== undefined).slice(0, mostApis);
    const answers = await Promise.all(remote.map(async ({ name }) => ask(name, around)));
    return { raw: JSON.stringify({ answers: answers.flat() }), source: 'through the API' };
  },
  read: (raw) => ({
    answers: parseRaw(raw, recorded).answers.map(
      ({ name, status, body }): AggregatedAnswer => ({ name, status, message: cleanLine(body, 400) }),
    ),
  }),
});

/** One that does not answer leaves the others known. Of an answer that is good only that it came is kept. */
async function ask(name: string, around: Surroundings) {
  const dot = name.indexOf('.');
  const path = `/apis/${encodeURIComponent(name.slice(dot + 1))}/${encodeURIComponent(name.slice(0, dot))}`;
  const answer = await answerTo(path, around);
  return answer === undefined
    ? []
    : [{ name, status: answer.status, body: answer.status === 200 ? '' : answer.body.trim().slice(0, 2000) }];
}

/** An answer of 5xx is what is wanted here as much as a good one, and every way agrees on it: each is asked for its words in turn. */
async function answerTo(path: string, { source, topology, signal }: Surroundings): Promise<RawTry['answer']> {
  try {
    return (await source.kubernetes(path, signal)).answer;
  } catch (error) {
    if (!(error instanceof GapError)) throw error;
    if (error.gap.gap === 'timeout') return undefined;
  }
  const ways = [...topology.masters, ...(topology.entry === undefined ? [] : [topology.entry])];
  for (const { host, port } of ways) {
    const { answer } = await source.request({
      scheme: 'https',
      host,
      port,
      path,
      identity: 'operator',
      deadlines: deadlines.usual,
      signal,
    });
    if (answer !== undefined) return answer;
  }
  return undefined;
}
