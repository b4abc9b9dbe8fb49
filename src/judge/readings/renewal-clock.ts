// What does the renewal of a lease tell about the clock of whoever renewed it? All values in milliseconds.
import type { LeaseSeen, ServerClock } from '../../model/kubernetes.ts';
import type { Seen } from '../../model/rule.ts';
import { ageAt } from './age.ts';
import { difference, intersect, type Offset } from './clock.ts';
import { anyMasterClock, type ClockEvidence, clockOn, type HostClock, hostClocks, hullOf, medianOf } from './host-clock.ts';
import { kubeletUsesOwnApiServer } from './wiring.ts';

/** How long a renewal may have been on its way before it was stored. */
export interface RenewalLimits {
  /** Milliseconds after which whoever renews gives a request up. */
  readonly latency: number;
}

export const renewalLimits = {
  latency: {
    value: 10_000,
    unit: 'milliseconds',
    source: 'kubernetes cmd/kubelet/app/server.go: the heartbeat client’s timeout is nodeStatusUpdateFrequency, 10 s',
  },
} as const;

/**
 * Bounds of (the renewer's clock − ours). It wrote `renewedAt` before the API server stored it, and before we saw it: the
 * lower bound holds whatever happened on the way, the upper one as long as no renewal takes longer than `latency`.
 * @param writer the clock of the API server that stored it; absent: only that we saw it is used, and the upper bound is open.
 */
function boundsOf(lease: LeaseSeen, look: ServerClock, writer: Offset | undefined, latency: number): Offset | undefined {
  if (lease.renewedAt === undefined) return undefined;
  const seen = { low: lease.renewedAt - look.receivedAt, high: Number.POSITIVE_INFINITY };
  if (lease.storedAt === undefined || writer === undefined) return seen;
  const low = lease.renewedAt - (lease.storedAt + 1000 - writer.low);
  return { low: Math.max(low, seen.low), high: lease.renewedAt - (lease.storedAt - writer.high) + latency };
}

/** A master's kubelet may store through the API server beside it, everybody else's through any of them. */
function writerFor(seen: Seen<ClockEvidence | 'kube.nodes'>, node: string): Offset | undefined {
  return kubeletUsesOwnApiServer(seen, node) === 'yes' ? clockOn(seen, node) : anyMasterClock(seen);
}

/** What all looks at a kubelet's heartbeats agree on; undefined where none tells anything. Needs the heartbeats. */
export function kubeletClock(
  seen: Seen<ClockEvidence | 'kube.nodes' | 'kube.node-leases'>,
  node: string,
  limits: RenewalLimits,
): Offset | undefined {
  const writer = writerFor(seen, node);
  const bounds = seen.samples('kube.node-leases').flatMap(({ value: { leases, clock } }) => {
    const lease = leases.find((one) => one.name === node);
    const bound = lease === undefined || clock === undefined ? undefined : boundsOf(lease, clock, writer, limits.latency);
    return bound === undefined ? [] : [bound];
  });
  return intersect(bounds);
}

/**
 * How long ago the last heartbeat was surely stored, by the clock of the API server that stored it where that is known, else
 * by that of the one that answered; undefined where nobody says when.
 */
export function storedAgo(seen: Seen<ClockEvidence | 'kube.nodes' | 'kube.node-leases'>, node: string): number | undefined {
  const { leases, clock } = seen.get('kube.node-leases');
  const storedAt = leases.find((one) => one.name === node)?.storedAt;
  if (storedAt === undefined || clock === undefined) return undefined;
  const writer = writerFor(seen, node);
  return writer === undefined ? ageAt(storedAt, clock).low : clock.sentAt - (storedAt + 1000 - writer.low);
}

/** The clock of whoever renews a lease that any API server may have stored. */
export function renewerClock(
  seen: Seen<ClockEvidence | 'kube.nodes'>,
  lease: LeaseSeen,
  look: ServerClock,
  limits: RenewalLimits,
): Offset | undefined {
  return boundsOf(lease, look, anyMasterClock(seen), limits.latency);
}

export interface Reference {
  /** Bounds of (the others' clocks − ours). */
  readonly offset: Offset;
  /** The machines whose clocks these are. */
  readonly names: readonly string[];
}

/** The time of all machines of the control plane but one: three outvote a wrong one, fewer leave open what any of them says. */
export function othersThan(seen: Seen<ClockEvidence>, node: string | undefined): Reference | undefined {
  const others: readonly HostClock[] = hostClocks(seen).filter((clock) => clock.node !== node);
  const offsets = others.map((clock) => clock.offset);
  const offset = offsets.length >= 3 ? medianOf(offsets) : hullOf(offsets);
  return offset === undefined ? undefined : { offset, names: others.map((clock) => clock.node) };
}

/** Whether a single clock is left of several that could have told the time: it may be the one that is off. */
export function isOneOfSeveral(seen: Seen, node: string | undefined, { names }: Reference): boolean {
  const others = seen.topology.masters.filter((master) => master.subject.keys.node !== node);
  return names.length < 2 && (others.length > 1 || !seen.topology.mastersComplete);
}

/** How far a clock is from those of the others. */
export function apartFrom(own: Offset, reference: Reference): Offset {
  return difference(own, reference.offset);
}

/** By how much a renewal lies ahead of the others' clocks at the moment it was seen; below zero it is past. */
export function leadOf(renewedAt: number, look: ServerClock, { offset }: Reference): Offset {
  return { low: renewedAt - (look.receivedAt + offset.high), high: renewedAt - (look.sentAt + offset.low) };
}
