// What do the counters of one API server say? Each counts from the start of its process.
import type { Histogram } from './histogram.ts';

/** Requests that are comparable: changes and reads of single objects, lists of one namespace, lists of all. */
export type RequestKind = 'single' | 'namespace-list' | 'cluster-list';

export interface RequestTimes {
  readonly kind: RequestKind;
  /** As a client waits for it, without what takes long by its nature (watch, exec, logs, proxied). */
  readonly whole: Histogram;
  /** Without the time in queues and webhooks; absent where none of the kind was counted. */
  readonly own?: Histogram;
}

/** One priority level of API Priority and Fairness. */
export interface PriorityLevel {
  readonly name: string;
  /** Reason (queue-full, time-out, concurrency-limit) -> rejected requests. */
  readonly rejected: Readonly<Record<string, number>>;
  /** How long requests waited for their turn; absent where none did. */
  readonly waited?: Histogram;
  readonly seats?: number;
}

/** How calls of one webhook ended: whoever was answered had verified what is served there. */
export interface CallCounts {
  readonly kind: 'validating' | 'admit' | 'conversion';
  /** The webhook's own name, which is unique in its configuration only; of a conversion the definition's. */
  readonly to: string;
  readonly answered: number;
  /** Without an answer that could be used, for whatever reason. */
  readonly failed: number;
}

export interface ApiMetrics {
  readonly requests: number;
  readonly serverErrors: number;
  readonly terminated: number;
  /** Seconds since 1970. */
  readonly processStart?: number;
  /** Absent, like the rest, where the exposition or an older recording has none. */
  readonly times?: readonly RequestTimes[];
  /** Requests to etcd. */
  readonly storage?: Histogram;
  readonly levels?: readonly PriorityLevel[];
  /** Watches and other requests that stay open, now. */
  readonly longRunning?: number;
  readonly calls?: readonly CallCounts[];
}
