// What is kept of an API server's metrics, and how is it read?
import type { ApiMetrics, PriorityLevel, RequestKind, RequestTimes } from '../../model/api-metrics.ts';
import { histogramOf } from './histogram.ts';
import { foldFamily, keepFamilies, parseMetrics, type Sample, sumOf } from './metrics.ts';
import { keepWebhookMetrics, webhookCallsIn } from './webhook-metrics.ts';

const plain = ['apiserver_request_total', 'apiserver_request_terminations_total', 'process_start_time_seconds'];
const whole = 'apiserver_request_duration_seconds';
/** Called `_slo_` until 1.26. */
const own = 'apiserver_request_sli_duration_seconds';
const older = 'apiserver_request_slo_duration_seconds';
const storage = 'etcd_request_duration_seconds';
const rejected = 'apiserver_flowcontrol_rejected_requests_total';
const waited = 'apiserver_flowcontrol_request_wait_duration_seconds';
const seats = 'apiserver_flowcontrol_nominal_limit_seats';
const open = 'apiserver_longrunning_requests';

/** Takes as long as its client wants, or as whatever it leads to. */
const lasting = /^(?:exec|attach|portforward|proxy|log)$/;

/** The lines that are read, histograms summed up: a few hundred instead of some ten thousand. */
export function keepApiMetrics(text: string): string {
  const timed = (labels: Sample['labels']) => {
    const kind = kindOf(labels);
    return kind === undefined ? undefined : { kind, le: labels['le'] ?? '' };
  };
  const byLevel = (labels: Sample['labels']) => ({ priority_level: labels['priority_level'] ?? '' });
  const buckets = (name: string): string => `${name}_bucket`;
  const ownFamily = text.includes(`${buckets(own)}{`) ? own : older;
  return [
    `${keepFamilies(text, plain)}\n`,
    foldFamily(text, buckets(whole), timed),
    foldFamily(text, buckets(ownFamily), timed, buckets(own)),
    foldFamily(text, buckets(storage), ({ le = '' }) => ({ le })),
    foldFamily(text, rejected, (labels) => ({ ...byLevel(labels), reason: labels['reason'] ?? '' })),
    foldFamily(text, buckets(waited), (labels) => ({ ...byLevel(labels), le: labels['le'] ?? '' })),
    foldFamily(text, seats, byLevel),
    foldFamily(text, open, () => ({})),
    keepWebhookMetrics(text),
  ].join('');
}

function kindOf({ verb = '', scope, subresource = '' }: Sample['labels']): RequestKind | undefined {
  if (verb === 'WATCH' || verb === 'WATCHLIST' || verb === 'CONNECT' || lasting.test(subresource)) return undefined;
  if (verb === 'LIST') return scope === 'cluster' ? 'cluster-list' : 'namespace-list';
  return scope === '' ? undefined : 'single';
}

/** @throws Error when the exposition is not an API server's. */
export function readApiMetrics(text: string): ApiMetrics {
  const samples = parseMetrics(text);
  const requests = sumOf(samples, 'apiserver_request_total');
  if (requests === undefined) throw new Error('the counters hold no apiserver_request_total');
  const processStart = sumOf(samples, 'process_start_time_seconds');
  const stored = histogramOf(samples, storage);
  const longRunning = sumOf(samples, open);
  return {
    requests,
    serverErrors: sumOf(samples, 'apiserver_request_total', ({ code }) => /^5\d\d$/.test(code ?? '')) ?? 0,
    terminated: sumOf(samples, 'apiserver_request_terminations_total') ?? 0,
    ...(processStart === undefined ? {} : { processStart }),
    ...(stored === undefined ? {} : { storage: stored }),
    ...(longRunning === undefined ? {} : { longRunning }),
    ...timesOf(samples),
    ...levelsOf(samples),
    ...webhookCallsIn(samples),
  };
}

const kinds: readonly RequestKind[] = ['single', 'namespace-list', 'cluster-list'];

function timesOf(samples: readonly Sample[]): { readonly times?: readonly RequestTimes[] } {
  const times = kinds.flatMap((kind) => {
    const alike = samples.filter(({ labels }) => labels['kind'] === kind);
    const [all, served] = [histogramOf(alike, whole), histogramOf(alike, own)];
    return all === undefined ? [] : [{ kind, whole: all, ...(served !== undefined && { own: served }) }];
  });
  return times.length === 0 ? {} : { times };
}

/** Levels without a limit (`exempt`) have seats too, and never reject. */
function levelsOf(samples: readonly Sample[]): { readonly levels?: readonly PriorityLevel[] } {
  const names = samples.filter((one) => one.name === seats).map((one) => one.labels['priority_level'] ?? '');
  if (names.length === 0) return {};
  const level = (name: string): PriorityLevel => {
    const here = samples.filter((one) => one.labels['priority_level'] === name);
    const refusals = here.filter((one) => one.name === rejected).map((one) => [one.labels['reason'] ?? '', one.value] as const);
    const limit = sumOf(here, seats);
    const waits = histogramOf(here, waited);
    return {
      name,
      rejected: Object.fromEntries(refusals),
      ...(waits && { waited: waits }),
      ...(limit === undefined ? {} : { seats: limit }),
    };
  };
  return { levels: [...new Set(names)].sort().map(level) };
}
