// How old is something whose time was written by one clock, seen through another? Milliseconds.
import type { LeaseSeen, ServerClock } from '../../model/kubernetes.ts';

/** Bounds of an age; `low` is certain. */
export interface Age {
  readonly low: number;
  readonly high: number;
}

/** The age of a moment by the clock of the API server that answered, at the time of the answer. */
export function ageAt(moment: number, clock: ServerClock): Age {
  return { low: clock.serverTime - moment, high: clock.serverTime + 1000 - moment };
}

/** Seconds by which a clock may be off that nobody could read. */
export const unknownSkew = {
  value: 60,
  unit: 'seconds',
  source: 'the skew that clock-apiserver-skew calls critical, assumed of a clock nobody could read',
} as const;

/**
 * How long ago the holder renewed, if its clock is right, or undefined when it never did. Enough to doubt what it says or to
 * second what something else shows; a finding of its own needs its clock, or two looks.
 */
export function leaseAge(lease: LeaseSeen, clock: ServerClock): Age | undefined {
  return lease.renewedAt === undefined ? undefined : ageAt(lease.renewedAt, clock);
}
