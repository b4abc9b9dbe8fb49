// What may a caller ask of a run?
import type { Settings } from '../probes/settings.ts';

/** kubectl's connection flags, as given. */
export interface Connection {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly cluster?: string;
  readonly user?: string;
  readonly server?: string;
  readonly as?: string;
  readonly asGroup?: readonly string[];
  /** Milliseconds; bounds each request to the Kubernetes API. */
  readonly requestTimeoutMs?: number;
}

export interface RunOptions {
  readonly connection: Connection;
  readonly settings: Settings;
  /** Bound of one look at everything, in milliseconds; the pause before a second look comes on top. */
  readonly timeoutMs: number;
  /** A branch of the tree; absent: all. */
  readonly only?: string;
  /** Folder that receives the evidence. */
  readonly record?: string;
  /** Aborted by Ctrl-C: what is known so far is judged and returned. */
  readonly interrupt: AbortSignal;
  /** One line for a person who waits; written to stderr by the caller. */
  readonly progress?: (line: string) => void;
}

export interface ReplayOptions {
  readonly from: string;
  readonly only?: string;
}
