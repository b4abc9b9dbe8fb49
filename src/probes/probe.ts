// What does a probe consist of? One file per piece of evidence: gather does I/O, read is pure.
import type { EvidenceId, EvidenceTypes, Gap } from '../model/evidence.ts';
import type { Subject } from '../model/subject.ts';
import type { Topology } from '../model/topology.ts';
import type { Source } from '../sources/source.ts';
import type { Settings } from './settings.ts';

/** An access to the Kubernetes API, for the RBAC check and docs/rbac.yaml. */
export interface Access {
  readonly verb: 'get' | 'list' | 'watch' | 'create';
  readonly group: string;
  /** `pods/portforward`, or a path such as `/metrics` for a non-resource. */
  readonly resource: string;
  readonly namespace?: string;
  /** The flag without which it is never used; a right of its own in docs/rbac.yaml. */
  readonly onlyWith?: '--allow-exec' | '--lease';
}

/** What the caller knew before anything was asked: the kubeconfig as opened, the addresses as named. */
export type Given = { readonly [Id in 'operator.kubeconfig' | 'operator.hints']?: EvidenceTypes[Id] };

/** What a probe may use while gathering. */
export interface Surroundings {
  readonly given: Given;
  readonly source: Source;
  readonly topology: Topology;
  readonly settings: Settings;
  /** The newest value of evidence named in `after`, when it is known. */
  readonly value: <Id extends EvidenceId>(id: Id, subject?: Subject) => EvidenceTypes[Id] | undefined;
  /** Why its newest look is missing, when it is. */
  readonly gap: (id: EvidenceId, subject?: Subject) => Gap | undefined;
  readonly signal: AbortSignal;
}

export interface Gathered {
  /** The bytes as received (JSON of RawTry values for network work), kept in the recording and parsed by read(). */
  readonly raw: string;
  /** How it was looked at: `direct`, `through the LB`, `port-forward`, `etcd certificate`, `exec`. */
  readonly source: string;
}

export interface Probe<Id extends EvidenceId = EvidenceId> {
  readonly id: Id;
  readonly title: string;
  /** What an operator learns from it. */
  readonly why: string;
  readonly reads: readonly Access[];
  /** Evidence that must be settled (known or missing) for the same subject or the cluster before this starts. */
  readonly after: readonly EvidenceId[];
  /** The same, waited for only when no etcd certificate was given and another way must be found. */
  readonly afterWithoutEtcd?: readonly EvidenceId[];
  /** Evidence that must be settled for every subject it has. */
  readonly afterEvery?: readonly EvidenceId[];
  /** Bound of the whole gathering in milliseconds. */
  readonly timeoutMs: number;
  /** Two looks some seconds apart tell more than one; `only`: one alone tells nothing, so that it needs --deep. */
  readonly again?: 'more' | 'only';
  readonly gather: (subject: Subject, around: Surroundings) => Promise<Gathered>;
  /** Pure; throws Error with one sentence on bytes it cannot read. */
  readonly read: (raw: string) => EvidenceTypes[Id];
}

/** Gives a probe its types. */
export function defineProbe<Id extends EvidenceId>(probe: Probe<Id>): Probe<Id> {
  return probe;
}
