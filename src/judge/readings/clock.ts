// How far are two clocks apart, with what certainty? All values in milliseconds.
import type { ClockReading } from '../../model/evidence.ts';
import type { Try } from '../../model/network.ts';

/** Bounds of (their clock − ours): the truth lies strictly inside. */
export interface Offset {
  readonly low: number;
  readonly high: number;
}

/** A Date header is cut to whole seconds: offset in (D − received, D + 1 s − sent), where our own times are cut to milliseconds. */
export function offsetOf(reading: ClockReading): Offset {
  return { low: reading.serverTime - reading.receivedAt - 1, high: reading.serverTime + reading.resolutionMs - reading.sentAt };
}

/** What all readings of one clock agree on; undefined when there is none, or when they contradict each other (a step). */
export function intersect(offsets: readonly Offset[]): Offset | undefined {
  if (offsets.length === 0) return undefined;
  const low = Math.max(...offsets.map((one) => one.low));
  const high = Math.min(...offsets.map((one) => one.high));
  return low <= high ? { low, high } : undefined;
}

/** Bounds of (one − other). */
export function difference(one: Offset, other: Offset): Offset {
  return { low: one.low - other.high, high: one.high - other.low };
}

/** Whether |offset| surely exceeds the limit. */
export function surelyBeyond(offset: Offset, limit: number): boolean {
  return offset.low > limit || offset.high < -limit;
}

/** Whether |offset| surely stays within the limit. */
export function surelyWithin(offset: Offset, limit: number): boolean {
  return offset.low >= -limit && offset.high <= limit;
}

/** The offset of a server from the answers it gave. */
export function offsetFromTries(tries: readonly Try[]): Offset | undefined {
  return intersect(
    tries.flatMap((one) =>
      one.outcome.kind === 'answered' && one.outcome.serverTime !== undefined
        ? [offsetOf({ sentAt: one.sentAt, receivedAt: one.receivedAt, serverTime: one.outcome.serverTime, resolutionMs: 1000 })]
        : [],
    ),
  );
}

/** `+90.2 s ± 0.5 s`, for people. */
export function describeOffset(offset: Offset): string {
  const middle = (offset.low + offset.high) / 2000;
  const half = (offset.high - offset.low) / 2000;
  return `${middle < 0 ? '-' : '+'}${Math.abs(middle).toFixed(1)} s ± ${half.toFixed(1)} s`;
}

/** `-1.2..+12.6 s`, for bounds whose middle means nothing; `more than +3.0 s` where one side is open. */
export function describeBounds({ low, high }: Offset): string {
  const signed = (value: number): string => `${value < 0 ? '-' : '+'}${(Math.abs(value) / 1000).toFixed(1)}`;
  if (high === Number.POSITIVE_INFINITY) return `more than ${signed(low)} s`;
  return `${signed(low)}..${signed(high)} s`;
}
