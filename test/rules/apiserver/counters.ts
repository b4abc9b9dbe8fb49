// Two looks at the counters of API servers, as tests of rules about load want them.
import type { ApiMetrics, RequestKind, RequestTimes } from '../../../src/model/api-metrics.ts';
import type { Histogram } from '../../../src/model/histogram.ts';
import { healthyWorld, type World } from '../../kit/world.ts';

/** Cumulative counts at Kubernetes' own edges: `counts[i]` requests fell into bucket i, the last ones beyond. */
export function histogram(edges: readonly number[], counts: readonly number[]): Histogram {
  let sum = 0;
  const buckets = edges.map((upTo, index) => {
    sum += counts[index] ?? 0;
    return { upTo, count: sum };
  });
  return { buckets, count: sum + (counts[edges.length] ?? 0) };
}

export const nothing: ApiMetrics = { requests: 0, serverErrors: 0, terminated: 0, processStart: 1, times: [], levels: [], longRunning: 10 };

export function times(kind: RequestKind, whole: Histogram, own: Histogram = whole): readonly RequestTimes[] {
  return [{ kind, whole, own }];
}

/** Calm API servers, but for what a test says about the second look at one of them. */
export function looks(change: Readonly<Record<string, Partial<ApiMetrics>>>, before: Partial<ApiMetrics> = {}): World {
  const world = healthyWorld();
  for (const node of ['m1', 'm2', 'm3']) {
    world.set('api.metrics', node, { ...nothing, ...before });
    world.again('api.metrics', node, { ...nothing, ...before, requests: 300, ...change[node] });
  }
  return world;
}
