// Which definitions of resources need a webhook to be read in another version?
import * as z from 'zod';
import type { ConversionSeen } from '../../model/admission.ts';
import { defineProbe } from '../probe.ts';
import { caBundle, readBundle } from '../shared/bundle.ts';
import { calledService, readService } from '../shared/client-config.ts';
import { gap } from '../shared/gaps.ts';
import { checkShape, line, optionalLine } from '../shared/json.ts';
import { gatherObject, readObject } from '../shared/kubernetes.ts';
import { parseRaw } from '../shared/raw.ts';

const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const what = 'the definitions of resources';
/** A definition holds its whole schema, often 100 kB: more of them than this are read only where nobody waits for an outage. */
const fewest = 40;

const definition = z.object({
  metadata: z.object({ name: line }),
  objects: optionalLine,
  conversion: z.object({ clientConfig: z.object({ caBundle, service: calledService }).nullish() }).nullish(),
});
const recorded = z.object({ definitions: z.array(z.unknown()) });
const page = z.object({
  metadata: z.object({ remainingItemCount: z.number().nullish(), continue: z.string().nullish() }).prefault({}),
  items: z
    .array(
      z.object({
        metadata: z.object({ name: z.string() }),
        spec: z.object({
          names: z.object({ kind: z.string().nullish() }).nullish(),
          conversion: z.object({ strategy: z.string().nullish(), webhook: z.unknown().optional() }).nullish(),
        }),
      }),
    )
    .nullable(),
});

export default defineProbe({
  id: 'kube.conversions',
  title: 'webhooks that translate resources',
  why: 'Where one of them cannot be called, no object of that kind can be read in another version than it is stored in.',
  reads: [{ verb: 'list', group: 'apiextensions.k8s.io', resource: 'customresourcedefinitions' }],
  after: [],
  timeoutMs: 9000,
  gather: async (_subject, around) => {
    const definitions: unknown[] = [];
    let [next, source] = ['', ''];
    do {
      const query = `?limit=${fewest}${next === '' ? '' : `&continue=${encodeURIComponent(next)}`}`;
      const gathered = await gatherObject(`${path}${query}`, what, around);
      const { metadata, items } = readObject(gathered.raw, page, what);
      const left = metadata.remainingItemCount ?? 0;
      if (left > 0 && !around.settings.deep)
        throw gap('not-collected', `${left + fewest} definitions of resources are too long to read beside everything else`, '--deep');
      for (const { metadata: about, spec } of items ?? [])
        if (spec.conversion?.strategy === 'Webhook')
          definitions.push({ metadata: { name: about.name }, objects: spec.names?.kind ?? '', conversion: spec.conversion.webhook });
      next = metadata.continue ?? '';
      source = gathered.source;
    } while (next !== '');
    return { raw: JSON.stringify({ definitions }), source };
  },
  read: (raw) => ({ conversions: parseRaw(raw, recorded).definitions.map((one) => reduce(checkShape(definition, one, what))) }),
});

function reduce({ metadata, objects, conversion }: z.output<typeof definition>): ConversionSeen {
  const { service, caBundle: given } = conversion?.clientConfig ?? {};
  return { name: metadata.name, ...(objects !== '' && { objects }), ...readService(service), ...readBundle(given) };
}
