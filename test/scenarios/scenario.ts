// What is broken in one scenario, and what must a diagnosis of it say?

/** A fault of lab/faults with its target, such as `etcd-stopped m2`. */
export interface Injection {
  readonly fault: string;
  readonly target?: string;
  readonly values?: Readonly<Record<string, string>>;
}

/** A rule on the nodes it must speak of; `LEADER` stands for the node that led etcd when the fault began. */
export interface Expected {
  readonly rule: string;
  readonly on?: readonly string[];
}

export interface Scenario {
  readonly id: string;
  readonly title: string;
  readonly faults: readonly Injection[];
  /** Seconds between the last injection and the diagnosis. */
  readonly ages: readonly number[];
  /** Which of the operator's kubeconfigs is used. */
  readonly kubeconfig: 'admin' | 'view' | 'expired';
  readonly expect:
    | {
        readonly kind: 'fault';
        readonly root: Expected;
        readonly folds: readonly (Expected | readonly Expected[])[];
        readonly worsens?: readonly string[];
      }
    /** Nothing above info. */
    | { readonly kind: 'nothing'; readonly exitCode: readonly number[] };
  /** Rules that must not fail; a trailing star stands for any ending. */
  readonly forbidden: readonly string[];
  /** Rules that must be unknown, not passed. */
  readonly unknown: readonly string[];
  /** Without an etcd certificate: effects that may head the list instead, if they name the root as possible. */
  readonly poorerHeads: readonly string[];
}

/** How the tool looks: with the kubeconfig alone, or with an etcd client certificate too. */
export type VantageName = 'kubeconfig' | 'etcd';
export const vantageNames: readonly VantageName[] = ['kubeconfig', 'etcd'];
