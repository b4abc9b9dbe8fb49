// What is broken in one scenario, and what must a diagnosis of it say?

import type { EvidenceId } from '../../src/model/evidence.ts';

/** A fault of lab/faults with its target, such as `etcd-stopped m2`; `follower` stands for an etcd member that does not lead. */
export interface Injection {
  readonly fault: string;
  readonly target?: string;
  readonly values?: Readonly<Record<string, string>>;
}

/** A rule on the nodes it must speak of; `LEADER` and `FOLLOWER` stand for the nodes that were meant when the fault began. */
export interface Expected {
  /** One rule, or several of which each would be true. */
  readonly rule: string | readonly string[];
  readonly on?: readonly string[];
  /** Only there can it be seen; from elsewhere nobody misses it. */
  readonly by?: VantageName;
  /** Seconds of age since which it can be seen; before that nobody misses it. */
  readonly from?: number;
  /** Minor version of Kubernetes since which it comes of the fault. */
  readonly since?: number;
}

/** Which of the operator's kubeconfigs is used; `moved` names an address that no load balancer has any more. */
export type Credential = 'admin' | 'view' | 'expired' | 'moved';

export interface Scenario {
  readonly id: string;
  readonly title: string;
  readonly faults: readonly Injection[];
  /** Seconds between the last injection and the diagnosis. */
  readonly ages: readonly number[];
  /** The first second at which anything can be seen of it from outside. */
  readonly from?: number;
  /** The last second at which the fault is still there; something mends it after that. */
  readonly until?: number;
  /** Why no recording of it is kept, such as `looks like S01`. */
  readonly unrecorded?: string;
  /** Evidence without each piece of which nobody can tell it from something else, or from nothing: what follows then is not asked. */
  readonly indispensable?: readonly EvidenceId[];
  /** Whether it is looked at with --deep: its rules compare two looks. */
  readonly deep?: true;
  readonly kubeconfig: Credential;
  /** The master on which it is looked at, by its administrator's kubeconfig and its files, instead of from the operator's place. */
  readonly onNode?: string;
  /** How far ahead the operator's own clock is, in seconds. */
  readonly operatorAhead?: number;
  /** The shape of lab it needs where that is not the usual one. */
  readonly lab?: LabShape;
  readonly expect:
    | {
        readonly kind: 'fault';
        readonly root: Expected;
        /** The other one of two independent causes; both must then be the first two findings, in any order. */
        readonly second?: Expected;
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

/** With two load balancers, or Nginx, whose files the operator then fetches too; with Envoy, whose admin interface he names; with one master; with authorities that end soon, all keys ECDSA. */
export type LabShape = 'vip' | 'nginx' | 'envoy' | 'single' | 'ending';

/** How the tool looks: with the kubeconfig alone, with an etcd client certificate too, or on a master. */
export type VantageName = 'kubeconfig' | 'etcd' | 'node';

export function vantagesOf({ kubeconfig, onNode }: Scenario): readonly VantageName[] {
  if (onNode !== undefined) return ['node'];
  return kubeconfig === 'view' ? ['kubeconfig'] : ['kubeconfig', 'etcd'];
}
