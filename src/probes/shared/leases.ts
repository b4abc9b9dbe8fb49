// Who holds which lease, and when was it last renewed?
import { z } from 'zod';
import type { LeaseSeen, ServerClock } from '../../model/kubernetes.ts';
import { line, lineMap, moment, optionalLine } from './json.ts';
import { readClock, readList } from './kubernetes.ts';

const lease = z.object({
  metadata: z.object({ namespace: line, name: line, labels: lineMap, resourceVersion: optionalLine, creationTimestamp: moment }),
  spec: z
    .object({
      holderIdentity: optionalLine,
      leaseDurationSeconds: z.number().int().nullish(),
      leaseTransitions: z.number().int().nullish(),
      acquireTime: moment,
      renewTime: moment,
    })
    .prefault({}),
});

/** @throws Error with one sentence. */
export function readLeases(raw: string): { readonly leases: readonly LeaseSeen[]; readonly clock?: ServerClock } {
  return { leases: readList(raw, lease, 'a lease').map(reduce), ...readClock(raw) };
}

function reduce({ metadata, spec }: z.output<typeof lease>): LeaseSeen {
  return {
    namespace: metadata.namespace,
    name: metadata.name,
    holder: spec.holderIdentity,
    durationSeconds: spec.leaseDurationSeconds ?? 0,
    transitions: spec.leaseTransitions ?? 0,
    ...(spec.acquireTime === undefined ? {} : { acquiredAt: spec.acquireTime }),
    ...(spec.renewTime === undefined ? {} : { renewedAt: spec.renewTime }),
    ...(metadata.creationTimestamp === undefined ? {} : { createdAt: metadata.creationTimestamp }),
    labels: metadata.labels,
    resourceVersion: metadata.resourceVersion,
  };
}
