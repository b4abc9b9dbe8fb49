// Whom do API servers call, and which authorities do they hold for each?
import type { Bundle, CalledService } from '../../model/admission.ts';
import type { EvidenceId } from '../../model/evidence.ts';
import type { Seen } from '../../model/rule.ts';
import type { Subject } from '../../model/subject.ts';
import type { Severity } from '../../model/verdict.ts';

export interface Called {
  readonly subject: Subject;
  /** As kubectl calls it. */
  readonly kind: string;
  readonly object: string;
  /** Absent where it is called by URL. */
  readonly service?: CalledService;
  /** Host and port of a webhook that is called by URL. */
  readonly host?: string;
  /** Of a definition: the kind of its objects. */
  readonly objects?: string;
  /** Absent where the machine's own store counts. */
  readonly bundle?: Bundle;
  /** How bad it is when it cannot be called. */
  readonly severity: Severity;
}

const ids = ['kube.webhooks', 'kube.api-services', 'kube.conversions'] as const satisfies readonly EvidenceId[];
type Needs = (typeof ids)[number];

/** What could be listed, and which lists could not be read. */
export function calledServers(seen: Seen<Needs>): { readonly called: readonly Called[]; readonly unread: readonly Needs[] } {
  const unread = ids.filter((id) => seen.peek(id)?.state !== 'known');
  return { called: [...webhooks(seen), ...services(seen), ...conversions(seen)], unread };
}

function subjectOf(object: string, name: string): Subject {
  return { kind: 'cluster', id: object, name, keys: { object } };
}

function given(bundle: Bundle | undefined): Pick<Called, 'bundle'> {
  return bundle === undefined ? {} : { bundle };
}

function webhooks(seen: Seen<Needs>): readonly Called[] {
  const item = seen.peek('kube.webhooks');
  if (item?.state !== 'known') return [];
  return item.value.webhooks.map(({ kind, configuration, name, failClosed, service, host, bundle }) => ({
    subject: subjectOf(`${kind}/${configuration}/${name}`, name),
    kind,
    object: configuration,
    ...(service !== undefined && { service }),
    ...(host !== undefined && { host }),
    severity: failClosed ? 'critical' : 'warning',
    ...given(bundle),
  }));
}

function services(seen: Seen<Needs>): readonly Called[] {
  const item = seen.peek('kube.api-services');
  if (item?.state !== 'known') return [];
  const remote = item.value.services.filter((one) => one.service !== undefined);
  return remote.map(({ name, available, service, bundle }) => ({
    subject: subjectOf(`APIService/${name}`, name),
    kind: 'APIService',
    object: name,
    ...(service !== undefined && { service }),
    severity: available === 'False' ? 'critical' : 'warning',
    ...given(bundle),
  }));
}

function conversions(seen: Seen<Needs>): readonly Called[] {
  const item = seen.peek('kube.conversions');
  if (item?.state !== 'known') return [];
  return item.value.conversions.map(({ name, objects, service, bundle }) => ({
    subject: subjectOf(`CustomResourceDefinition/${name}`, name),
    kind: 'CustomResourceDefinition',
    object: name,
    ...(objects !== undefined && { objects }),
    ...(service !== undefined && { service }),
    severity: 'critical',
    ...given(bundle),
  }));
}
