// How many of the things that were timed took too long?
import type { Histogram } from '../../model/histogram.ts';

/** What happened between two looks at the counters of one process; undefined where they cannot be compared. */
export function between(first: Histogram | undefined, last: Histogram | undefined): Histogram | undefined {
  if (first === undefined || last === undefined || last.count < first.count) return undefined;
  const before = new Map(first.buckets.map(({ upTo, count }) => [upTo, count]));
  const buckets = last.buckets.map(({ upTo, count }) => ({ upTo, count: count - (before.get(upTo) ?? 0) }));
  return { buckets, count: last.count - first.count };
}

/** How many took longer than so many seconds; within a bucket they are taken to be spread evenly, as Prometheus does. */
export function slowerThan({ buckets, count }: Histogram, seconds: number): number {
  let below = { upTo: 0, count: 0 };
  for (const bucket of buckets) {
    if (seconds <= bucket.upTo) {
      const part = (seconds - below.upTo) / (bucket.upTo - below.upTo);
      return count - (below.count + part * (bucket.count - below.count));
    }
    below = bucket;
  }
  return count - below.count;
}

/** Seconds; the truth lies between `low` and `high` (Infinity beyond the last bound), `about` assumes an even spread. */
export interface Quantile {
  readonly low: number;
  readonly about: number;
  readonly high: number;
}

/** Within which time that share of all was done, as Prometheus' histogram_quantile says it; undefined where nothing was counted. */
export function quantileOf({ buckets, count }: Histogram, share: number): Quantile | undefined {
  if (count === 0) return undefined;
  const rank = share * count;
  let below = { upTo: 0, count: 0 };
  for (const bucket of buckets) {
    if (bucket.count >= rank && bucket.count > 0) {
      const within = bucket.count - below.count;
      const part = within === 0 ? 1 : (rank - below.count) / within;
      return { low: below.upTo, about: below.upTo + part * (bucket.upTo - below.upTo), high: bucket.upTo };
    }
    below = bucket;
  }
  return { low: below.upTo, about: below.upTo, high: Number.POSITIVE_INFINITY };
}

/** The same as one number, 0 where nothing was counted. */
export function quantile(histogram: Histogram, share: number): number {
  return quantileOf(histogram, share)?.about ?? 0;
}

/** `0.4 to 0.6 s`, `more than 60 s`. */
export function describeQuantile({ low, high }: Quantile): string {
  return high === Number.POSITIVE_INFINITY ? `more than ${low} s` : `${low} to ${high} s`;
}

/** Whether the slowest hundredth is slower than that; a few that merely happened to be slow do not tell. */
export function isSlow(histogram: Histogram, seconds: number, least: number): boolean {
  const slow = slowerThan(histogram, seconds);
  return slow >= least && slow > histogram.count / 100;
}

/** `8 ms`, `1.2 s` */
export function describeSeconds(seconds: number): string {
  if (seconds >= 1) return `${seconds.toFixed(1)} s`;
  const milliseconds = seconds * 1000;
  return `${milliseconds < 10 ? milliseconds.toFixed(1) : Math.round(milliseconds)} ms`;
}
