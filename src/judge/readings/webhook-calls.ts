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

/** @throws MissingEvidence where the counters of an API server were not read: it may have met what others did not. */
export function callsOf(seen: Seen<'api.metrics'>, called: Called): Calls {
  const counts = seen.topology.masters.map((master) => countsOf(seen, master, called));
  if (counts.some(({ failed }) => failed > 0)) return 'failing';
  return counts.some(({ answered }) => answered > 0) ? 'answered' : 'not-called';
}

type Ends = Pick<CallCounts, 'answered' | 'failed'>;

function countsOf(seen: Seen<'api.metrics'>, { subject }: Pick<Master, 'subject'>, called: Called): Ends {
  const samples = seen.samples('api.metrics', subject);
  const [first, last] = [samples[0]?.value, samples.at(-1)?.value];
  const whole = endsIn(last, called);
  if (whole.failed === 0 || first === last || first?.processStart !== last?.processStart) return whole;
  const before = endsIn(first, called);
  const since = { answered: whole.answered - before.answered, failed: whole.failed - before.failed };
  return since.answered > 0 && since.failed === 0 ? since : whole;
}

function endsIn(metrics: ApiMetrics | undefined, { kind, subject }: Called): Ends {
  return metrics?.calls?.find((one) => one.kind === kinds[kind] && one.to === subject.name) ?? { answered: 0, failed: 0 };
}
