// How many things took how long, as Prometheus counts them?

/** Counts since a process began, or between two looks at one. */
export interface Histogram {
  /** Upper bounds in seconds, finite and rising, each with how many took no longer. */
  readonly buckets: readonly { readonly upTo: number; readonly count: number }[];
  /** All of them, those beyond the last bound too. */
  readonly count: number;
}
