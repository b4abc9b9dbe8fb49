// What do API servers' counters say of the calls of one webhook?
import type { ApiMetrics, CallCounts } from '../../model/api-metrics.ts';
import type { Seen } from '../../model/rule.ts';
import type { Master } from '../../model/topology.ts';
import type { Called } from './bundles.ts';

/**
 * `answered`: called, and never failed as long as these processes run, or since the first of several looks where one failed
 * before that: what is served there was verified. `failing`: some calls ended without an answer, for a reason that is not
 * counted. `not-called`: nobody knows yet.
 */
export type Calls = 'answered' | 'failing' | 'not-called';

const kinds: Readonly<Record<string, CallCounts['kind']>> = {
  ValidatingWebhookConfiguration: 'validating',
  MutatingWebhookConfiguration: 'admit',
  CustomResourceDefinition: 'conversion',
};

/** The configuration's kind, and what it calls the webhook. */
interface Named {
  readonly kind: string;
  readonly name: string;
}

/** @throws MissingEvidence where the counters of an API server were not read: it may have met what others did not. */
export function callsOf(seen: Seen<'api.metrics'>, called: Called): Calls {
  const counts = seen.topology.masters.map((master) => countsOf(seen, master, called));
  if (counts.some(({ failed }) => failed > 0)) return 'failing';
  return counts.some(({ answered }) => answered > 0) ? 'answered' : 'not-called';
}

/**
 * How many calls of a webhook ended without an answer between two looks of those API servers that were asked twice, where not
 * one was answered; 0 where some were, or where nobody can tell.
 */
export function unansweredNow(seen: Seen<'api.metrics'>, called: Named): number {
  const ends = seen.topology.masters.flatMap(
    ({ subject }) => seen.attempt(() => endsSince(seen.samples('api.metrics', subject), called)) ?? [],
  );
  return ends.some(({ answered }) => answered > 0) ? 0 : ends.reduce((sum, { failed }) => sum + failed, 0);
}

function endsSince(samples: readonly { readonly value: ApiMetrics }[], called: Named): Ends | undefined {
  const [first, last] = [samples[0]?.value, samples.at(-1)?.value];
  if (first === undefined || first === last || first.processStart !== last?.processStart) return undefined;
  const [before, after] = [endsIn(first, called), endsIn(last, called)];
  return { answered: after.answered - before.answered, failed: after.failed - before.failed };
}

type Ends = Pick<CallCounts, 'answered' | 'failed'>;

function countsOf(seen: Seen<'api.metrics'>, { subject }: Pick<Master, 'subject'>, called: Called): Ends {
  const samples = seen.samples('api.metrics', subject);
  const named = { kind: called.kind, name: called.subject.name };
  const whole = endsIn(samples.at(-1)?.value, named);
  if (whole.failed === 0) return whole;
  const since = endsSince(samples, named);
  return since !== undefined && since.answered > 0 && since.failed === 0 ? since : whole;
}

function endsIn(metrics: ApiMetrics | undefined, { kind, name }: Named): Ends {
  return metrics?.calls?.find((one) => one.kind === kinds[kind] && one.to === name) ?? { answered: 0, failed: 0 };
}
