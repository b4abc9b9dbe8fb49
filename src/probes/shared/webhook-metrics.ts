// How often did one API server call each webhook, and how did that end?
import type { CallCounts } from '../../model/api-metrics.ts';
import { foldFamily, type Sample } from './metrics.ts';

/** Every call by its end: answered 200, or the code of what went wrong; also of those that are let pass all the same. */
const requests = 'apiserver_admission_webhook_request_total';
/** `no_error` is an answer that says no, `calling_webhook_error` none that could be used. */
const rejections = 'apiserver_admission_webhook_rejection_count';
/** No answer that could be used, and the policy is to let it pass. */
const passedOver = 'apiserver_admission_webhook_fail_open_count';
/** The older name first. */
const translations = ['apiserver_crd_webhook_conversion_duration_seconds', 'apiserver_crd_conversion_webhook_duration_seconds'];

/** The lines that are read, summed up over operations and versions. */
export function keepWebhookMetrics(text: string): string {
  const called = ({ name = '', type = '' }: Sample['labels']) => ({ name, type });
  return [
    foldFamily(text, requests, ({ code = '', rejected = '', ...labels }) => ({ ...called(labels), code, rejected })),
    foldFamily(text, rejections, ({ error_type = '', ...labels }) => ({ ...called(labels), error_type })),
    foldFamily(text, passedOver, called),
    ...translations.map((name) =>
      foldFamily(text, `${name}_count`, ({ crd_name = '', succeeded = '' }) => ({ crd_name, succeeded }), `${translations[1]}_count`),
    ),
  ].join('');
}

type End = 'answered' | 'failed';

/** Absent where nobody was called, or a release does not count it. */
export function webhookCallsIn(samples: readonly Sample[]): { readonly calls?: readonly CallCounts[] } {
  const counted = new Map<string, CallCounts>();
  for (const sample of samples) {
    const end = endOf(sample);
    const { type, name, crd_name: definition } = sample.labels;
    const kind = definition !== undefined ? 'conversion' : type === 'admit' || type === 'validating' ? type : undefined;
    const to = definition ?? name ?? '';
    if (end === undefined || kind === undefined) continue;
    const old = counted.get(`${kind} ${to}`) ?? { kind, to, answered: 0, failed: 0 };
    counted.set(`${kind} ${to}`, { ...old, [end]: old[end] + sample.value });
  }
  return counted.size === 0 ? {} : { calls: [...counted.values()] };
}

function endOf({ name, labels }: Sample): End | undefined {
  if (name === requests) return labels['code'] === '200' && labels['rejected'] === 'false' ? 'answered' : undefined;
  if (name === rejections && labels['error_type'] === 'no_error') return 'answered';
  if (name === rejections && labels['error_type'] === 'calling_webhook_error') return 'failed';
  if (name === passedOver) return 'failed';
  if (name === `${translations[1]}_count`) return labels['succeeded'] === 'true' ? 'answered' : 'failed';
  return undefined;
}
