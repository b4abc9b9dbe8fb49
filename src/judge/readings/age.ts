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

/** How long ago the holder renewed, or undefined when it never did. */
export function leaseAge(lease: LeaseSeen, clock: ServerClock): Age | undefined {
  return lease.renewedAt === undefined ? undefined : ageAt(lease.renewedAt, clock);
}
