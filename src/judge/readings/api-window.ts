// What did one API server's counters do between two looks?
import type { ApiMetrics, Histogram } from '../../model/api-metrics.ts';
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

/** What was added between two looks. */
export function histogramBetween(first: Histogram, last: Histogram): Histogram {
  const before = new Map(first.map((edge) => [edge.seconds, edge.count]));
  return last.map(({ seconds, count }) => ({ seconds, count: Math.max(0, count - (before.get(seconds) ?? 0)) }));
}

export function countOf(histogram: Histogram): number {
  return histogram.at(-1)?.count ?? 0;
}

/** Seconds; the truth lies between `low` and `high` (Infinity beyond the last edge), `about` assumes an even spread. */
export interface Quantile {
  readonly low: number;
  readonly about: number;
  readonly high: number;
}

/** As Prometheus' histogram_quantile, with the bucket's edges; undefined where nothing was counted. */
export function quantileOf(histogram: Histogram, share: number): Quantile | undefined {
  const rank = countOf(histogram) * share;
  const index = histogram.findIndex((edge) => edge.count >= rank && edge.count > 0);
  const edge = histogram[index];
  if (edge === undefined) return undefined;
  const below = histogram[index - 1] ?? { seconds: 0, count: 0 };
  if (edge.seconds === Number.POSITIVE_INFINITY) return { low: below.seconds, about: below.seconds, high: edge.seconds };
  const part = edge.count === below.count ? 1 : (rank - below.count) / (edge.count - below.count);
  return { low: below.seconds, about: below.seconds + (edge.seconds - below.seconds) * part, high: edge.seconds };
}

/** `0.4 to 0.6 s`, `more than 60 s`. */
export function describeQuantile({ low, high }: Quantile): string {
  return high === Number.POSITIVE_INFINITY ? `more than ${low} s` : `${low} to ${high} s`;
}
