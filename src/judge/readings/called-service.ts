// Does anybody stand behind a Service that the API servers call?
import type { ServiceName } from '../../model/admission.ts';
import type { Seen } from '../../model/rule.ts';

/** `unknown` where nobody could look, or this Service was not among those looked at. */
export function readyBackends(seen: Seen<'kube.service-backends'>, { namespace, name }: ServiceName): number | 'unknown' {
  const item = seen.peek('kube.service-backends');
  if (item?.state !== 'known') return 'unknown';
  return item.value.backends.find((one) => one.namespace === namespace && one.name === name)?.ready ?? 'unknown';
}
