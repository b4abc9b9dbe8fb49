// How long did things take, as a Prometheus histogram counts them?
import type { Histogram } from '../../model/histogram.ts';
import type { Sample } from './metrics.ts';
import { cleanLine } from './text.ts';

/** The families one histogram is written as. */
export function histogramFamilies(name: string): readonly string[] {
  return [`${name}_bucket`, `${name}_count`];
}

/** Undefined where the histogram does not occur. The bucket without a bound counts all of them, as `_count` does. */
export function histogramOf(samples: readonly Sample[], name: string): Histogram | undefined {
  const edges = samples.filter((one) => one.name === `${name}_bucket`);
  const count = edges.find(({ labels }) => labels['le'] === '+Inf')?.value ?? samples.find((one) => one.name === `${name}_count`)?.value;
  const buckets = edges
    .map(({ labels, value }) => ({ upTo: Number(labels['le']), count: value }))
    .filter(({ upTo }) => Number.isFinite(upTo))
    .sort((one, other) => one.upTo - other.upTo);
  return count === undefined || buckets.length === 0 ? undefined : { buckets, count };
}

/** One histogram for each value of a label; undefined where there is none. */
export function histogramsBy(samples: readonly Sample[], name: string, label: string): Readonly<Record<string, Histogram>> | undefined {
  const own = samples.filter((one) => histogramFamilies(name).includes(one.name));
  const values = new Set(own.flatMap(({ labels }) => labels[label] ?? []));
  const found = [...values].flatMap((value) => {
    const histogram = histogramOf(
      own.filter(({ labels }) => labels[label] === value),
      name,
    );
    return histogram === undefined ? [] : [[cleanLine(value, 64), histogram] as const];
  });
  return found.length === 0 ? undefined : Object.fromEntries(found);
}
