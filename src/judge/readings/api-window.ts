// What did one API server's counters do between two looks?
import type { ApiMetrics } from '../../model/api-metrics.ts';
import type { Seen } from '../../model/rule.ts';
import { type Subject, subjectKey } from '../../model/subject.ts';
import { MissingEvidence } from '../view.ts';

export interface ApiWindow {
  readonly first: ApiMetrics;
  readonly last: ApiMetrics;
  readonly seconds: number;
}

/** The first and the last look at one process. @throws MissingEvidence where there are no two. */
export function apiWindow(seen: Seen<'api.metrics'>, subject: Subject): ApiWindow {
  const samples = seen.samples('api.metrics', subject);
  const [first] = samples;
  const last = samples[samples.length - 1];
  if (first === undefined || last === undefined || first === last) throw openEnd(subject, 'not sampled: one look only');
  if (last.value.requests < first.value.requests || first.value.processStart !== last.value.processStart)
    throw openEnd(subject, `the API server on ${subject.name} was restarted between the two looks`);
  return { first: first.value, last: last.value, seconds: Math.max(1, Math.round((last.takenAt - first.takenAt) / 1000)) };
}

/** Ends a judgement: the counters were read, and what is asked is not in them. */
export function openEnd(subject: Subject, detail: string, howToGet = '--deep'): MissingEvidence {
  return new MissingEvidence([{ gap: 'not-collected', detail, howToGet, id: 'api.metrics', subject: subjectKey(subject) }]);
}
