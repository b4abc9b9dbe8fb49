// Is a lease held, given up, or has nobody renewed it? Never by our own clock alone.
import type { LeaseSeen, ServerClock } from '../../model/kubernetes.ts';
import type { Seen } from '../../model/rule.ts';
import type { Subject } from '../../model/subject.ts';
import { type Age, ageAt, unknownSkew } from './age.ts';
import type { Offset } from './clock.ts';
import { anyMasterClock, type ClockEvidence, clockOn, hostClocks, hullOf, medianOf } from './host-clock.ts';
import { findLease, leasePlace, oldLockOf } from './lease-place.ts';

export type LeaseEvidence = 'kube.leases' | 'kube.named-leases' | 'kube.old-locks' | 'kube.control-plane-pods' | ClockEvidence;

const components = ['kube-controller-manager', 'kube-scheduler'] as const;
const optionalComponent = 'cloud-controller-manager';

export interface LeaseLimits {
  /** Seconds after the duration is over within which somebody who is there takes it. */
  readonly grace: number;
  /** Seconds by which a clock that nobody could read may be off. */
  readonly unknownSkew: number;
  /** Seconds that a lease lasts whose holder gave it back: what it says itself is no longer its duration. */
  readonly released: number;
}

export const leaseLimits = {
  grace: {
    value: 8.8,
    unit: 'seconds',
    source:
      'kubernetes/client-go tools/leaderelection: a candidate looks every 2 to 4.4 s (RetryPeriod, JitterFactor 1.2), begins to count when it first sees the last renewal, and takes the lease when it looks after the duration',
  },
  unknownSkew,
  released: { value: 15, unit: 'seconds', source: 'kubernetes/component-base config/v1alpha1/defaults.go: LeaseDuration' },
} as const;

/** `watched` says that two looks prove it, whatever any clock shows. */
export type LeaseReading =
  | { readonly kind: 'held' | 'expired'; readonly lease: LeaseSeen; readonly age: Age; readonly watched: boolean }
  | { readonly kind: 'undecided'; readonly lease: LeaseSeen; readonly age?: Age; readonly detail: string }
  | { readonly kind: 'absent' };

/** The leases that are judged, named by their component: the two every cluster has, and the third where it or its component is there. */
export function leaseSubjects(seen: Seen<'kube.leases' | 'kube.control-plane-pods'>): readonly Subject[] {
  const list = seen.peek('kube.leases');
  const leases = list?.state === 'known' ? list.value.leases : [];
  const isThere = findLease(seen, leases, optionalComponent) !== undefined || instancesListed(seen, optionalComponent) > 0;
  return [...components, ...(isThere ? [optionalComponent] : [])].map((component) => {
    const lease = findLease(seen, leases, component);
    const node = lease === undefined ? undefined : holderNode(seen, lease.holder);
    const id = `kube-system/Lease/${component}`;
    return { kind: 'object', id, name: component, keys: { object: id, ...(node !== undefined && { node }) } };
  });
}

/** The leases that were named by flag and are there. */
export function namedSubjects(seen: Seen<'kube.named-leases'>): readonly Subject[] {
  const list = seen.peek('kube.named-leases');
  if (list?.state !== 'known') return [];
  return list.value.leases.map((lease) => {
    const node = holderNode(seen, lease.holder);
    const id = `${lease.namespace}/Lease/${lease.name}`;
    return { kind: 'object', id, name: `${lease.namespace}/${lease.name}`, keys: { object: id, ...(node !== undefined && { node }) } };
  });
}

/** A lease of a component, or one that was named. */
export function readLeaseOf(seen: Seen<LeaseEvidence>, subject: Subject, limits: LeaseLimits): LeaseReading {
  if (!subject.name.includes('/')) return readLease(seen, subject.name, limits);
  const find = (leases: readonly LeaseSeen[]) => leases.find((one) => `${one.namespace}/${one.name}` === subject.name);
  return readLeaseIn(seen, find, limits, 'kube.named-leases');
}

function instancesListed(seen: Seen<'kube.control-plane-pods'>, component: string): number {
  const list = seen.peek('kube.control-plane-pods');
  return list?.state === 'known' ? list.value.pods.filter((pod) => pod.component === component).length : 0;
}

/** Milliseconds: whoever takes a component out of a cluster of a cloud knows it within a day. */
const recent = 86_400_000;

/**
 * Whether a lease is what a component left behind that not every cluster has: no instance is listed, and nobody renews
 * it. Where nodes carry a cloud's id, somebody is meant to look after them: there it is left behind after a day. Ends the
 * judgement where that lies with pods that nobody could list.
 */
export function isLeftOver(seen: Seen<'kube.control-plane-pods' | 'kube.nodes'>, component: string, reading: LeaseReading): boolean {
  if (component !== optionalComponent || reading.kind !== 'expired') return false;
  if (seen.get('kube.control-plane-pods').pods.some((pod) => pod.component === component)) return false;
  const nodes = seen.peek('kube.nodes');
  const isOfCloud = nodes?.state === 'known' && nodes.value.nodes.some((node) => node.providerId !== '');
  return !isOfCloud || reading.age.low > recent;
}

/** The node a holder such as `m1_0c1d…` runs on; undefined when no machine of that name is known. */
export function holderNode(seen: Seen, holder: string): string | undefined {
  const host = holder.includes('_') ? holder.slice(0, holder.lastIndexOf('_')) : holder;
  const names = seen.topology.machines.map((machine) => machine.subject.id);
  if (names.includes(host)) return host;
  const short = names.filter((name) => name.split('.')[0] === host.split('.')[0]);
  return short.length === 1 ? short[0] : undefined;
}

/**
 * Bounds of a renewal's age by the clock of the machine that wrote it, or by that of the answering API server with
 * `slack` milliseconds for the difference between the two.
 */
export function renewalAge(renewedAt: number, clock: ServerClock, holder: Offset | undefined, slack: number): Age {
  if (holder !== undefined) return { low: clock.sentAt + holder.low - renewedAt, high: clock.receivedAt + holder.high - renewedAt };
  const age = ageAt(renewedAt, clock);
  return { low: age.low - slack, high: age.high + slack };
}

/** The clock of the holder's machine; for a holder that no machine is known of, all masters' clocks when all are known. */
function holderClock(seen: Seen<ClockEvidence>, holder: string): Offset | undefined {
  const clocks = hostClocks(seen);
  const node = holderNode(seen, holder);
  if (node !== undefined) return clocks.find((clock) => clock.node === node)?.offset;
  const complete = seen.topology.masters.every((master) => clocks.some((clock) => clock.node === master.subject.keys.node));
  return complete ? hullOf(clocks.map((clock) => clock.offset)) : undefined;
}

/**
 * By the clock of the holder's machine, and, for that may have been set since, no older than by the clocks of all. Where
 * nobody read that one, by when an API server stored the renewal, which the clocks of all of them bound: a worker whose
 * clock is behind does not make its lease look old.
 */
function ageOf(seen: Seen<ClockEvidence>, renewedAt: number, lease: LeaseSeen, clock: ServerClock, limits: LeaseLimits): Age {
  const own = clockOn(seen, holderNode(seen, lease.holder));
  if (own !== undefined) {
    const age = renewalAge(renewedAt, clock, own, 0);
    const usual = medianOf(hostClocks(seen).map(({ offset }) => offset)) ?? own;
    return { low: Math.min(age.low, renewalAge(renewedAt, clock, usual, 0).low), high: age.high };
  }
  const { storedAt } = lease;
  if (storedAt !== undefined) {
    const writer = anyMasterClock(seen);
    if (writer === undefined) return renewalAge(storedAt, clock, undefined, limits.unknownSkew * 1000);
    return { low: clock.sentAt - (storedAt + 1000 - writer.low), high: clock.receivedAt - (storedAt - writer.high) };
  }
  return renewalAge(renewedAt, clock, holderClock(seen, lease.holder), limits.unknownSkew * 1000);
}

/** Ends the judgement as unknown where the leases could not be read. */
export function readLease(seen: Seen<LeaseEvidence>, component: string, limits: LeaseLimits): LeaseReading {
  const old = oldLockOf(seen, component);
  const byLease = old?.withLease === false ? undefined : readByLease(seen, component, limits);
  if (byLease !== undefined && (old === undefined || byLease.kind === 'held')) return byLease;
  const { namespace, name } = leasePlace(seen, component);
  seen.get('kube.old-locks');
  const annotated = readLeaseIn(
    seen,
    (all) => all.find((one) => one.namespace === namespace && one.name === name),
    limits,
    'kube.old-locks',
  );
  // A flag of one instance says nothing about the others: where nothing is annotated, the Lease is what there is.
  return annotated.kind === 'absent' ? (byLease ?? annotated) : annotated;
}

function readByLease(seen: Seen<LeaseEvidence>, component: string, limits: LeaseLimits): LeaseReading {
  return readLeaseIn(seen, (leases) => findLease(seen, leases, component), limits);
}

/** The same of a lease that is no component's of the core. */
export function readLeaseIn(
  seen: Seen<LeaseEvidence>,
  find: (leases: readonly LeaseSeen[]) => LeaseSeen | undefined,
  limits: LeaseLimits,
  list: 'kube.leases' | 'kube.named-leases' | 'kube.old-locks' = 'kube.leases',
): LeaseReading {
  const looks = seen.samples(list);
  const [first, last] = [looks[0], looks[looks.length - 1]];
  const lease = last && find(last.value.leases);
  if (lease === undefined || last === undefined || first === undefined) return { kind: 'absent' };
  if (lease.renewedAt === undefined) return { kind: 'undecided', lease, detail: `the lease ${lease.name} was never renewed` };
  const clock = last.value.clock;
  if (clock === undefined) return { kind: 'undecided', lease, detail: 'the API server that gave the leases told no time' };
  const age = ageOf(seen, lease.renewedAt, lease, clock, limits);
  const before = first === last ? undefined : find(first.value.leases);
  const watched =
    before === undefined ? undefined : { still: before.renewedAt === lease.renewedAt, milliseconds: last.takenAt - first.takenAt };
  return decide(lease, age, watched, limits);
}

function decide(
  lease: LeaseSeen,
  age: Age,
  watched: { readonly still: boolean; readonly milliseconds: number } | undefined,
  limits: LeaseLimits,
): LeaseReading {
  const released = lease.holder === '';
  const duration = (released ? limits.released : lease.durationSeconds) * 1000;
  const over = duration + limits.grace * 1000;
  if (age.low > over) return { kind: 'expired', lease, age, watched: watched?.still === true };
  if (watched?.still === true && watched.milliseconds > over) return { kind: 'expired', lease, age, watched: true };
  if (released) return { kind: 'undecided', lease, age, detail: `the lease ${lease.name} was given back, nobody has taken it yet` };
  if (watched?.still === false) return { kind: 'held', lease, age, watched: true };
  if (age.high <= duration && age.high >= 0) return { kind: 'held', lease, age, watched: false };
  if (age.low > duration) {
    const detail = `the lease ${lease.name} ran out a moment ago: whoever takes it over may still be about to`;
    return { kind: 'undecided', lease, age, detail };
  }
  const seconds = `${Math.floor(age.low / 1000)} to ${Math.ceil(age.high / 1000)} s`;
  return { kind: 'undecided', lease, age, detail: `the lease ${lease.name} was renewed ${seconds} ago: the clocks do not let us say more` };
}
