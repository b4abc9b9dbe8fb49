// Who holds which lease, and when was it last renewed?
import * as z from 'zod';
import type { LeaseSeen, ServerClock } from '../../model/kubernetes.ts';
import { line, lineMap, listOf, moment, optionalLine } from './json.ts';
import { readClock, readList, readObject } from './kubernetes.ts';

/** Which fields somebody manages is of use as far as it shows who last renewed; nobody judges its shape. */
const manager = z.object({ time: moment, fieldsV1: z.unknown() });
const lease = z.object({
  metadata: z.object({
    namespace: line,
    name: line,
    uid: optionalLine,
    labels: lineMap,
    resourceVersion: optionalLine,
    creationTimestamp: moment,
    managedFields: listOf(manager),
  }),
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

/** One lease, asked for by its name. @throws Error with one sentence. */
export function readOneLease(raw: string): { readonly lease: LeaseSeen; readonly clock?: ServerClock } {
  return { lease: reduce(readObject(raw, lease, 'a lease')), ...readClock(raw) };
}

/** The API server stamps a manager's entry whenever it changes a field; the newest one that has the renewal is the last. */
function storedAt(managers: readonly z.output<typeof manager>[]): number | undefined {
  const times = managers.flatMap(({ time, fieldsV1 }) =>
    time !== undefined && JSON.stringify(fieldsV1 ?? {}).includes('"f:renewTime"') ? [time] : [],
  );
  return times.length === 0 ? undefined : Math.max(...times);
}

function reduce({ metadata, spec }: z.output<typeof lease>): LeaseSeen {
  const stored = storedAt(metadata.managedFields);
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
    ...(metadata.uid === '' ? {} : { uid: metadata.uid }),
    ...(stored === undefined ? {} : { storedAt: stored }),
  };
}
