// How many of the things that were timed took too long?
import type { Histogram } from '../../model/etcd.ts';

/** What happened between two looks at the counters of one process; undefined where they cannot be compared. */
export function between(first: Histogram | undefined, last: Histogram | undefined): Histogram | undefined {
  if (first === undefined || last === undefined || last.count < first.count) return undefined;
  const before = new Map(first.buckets.map(({ upTo, count }) => [upTo, count]));
  const buckets = last.buckets.map(({ upTo, count }) => ({ upTo, count: count - (before.get(upTo) ?? 0) }));
  return { buckets, count: last.count - first.count, sum: last.sum - first.sum };
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

/** Seconds within which that share of all was done, as Prometheus' histogram_quantile says it. */
export function quantile({ buckets, count }: Histogram, share: number): number {
  const rank = share * count;
  let below = { upTo: 0, count: 0 };
  for (const bucket of buckets) {
    if (bucket.count >= rank) {
      const within = bucket.count - below.count;
      return within === 0 ? bucket.upTo : below.upTo + ((rank - below.count) / within) * (bucket.upTo - below.upTo);
    }
    below = bucket;
  }
  return below.upTo;
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
