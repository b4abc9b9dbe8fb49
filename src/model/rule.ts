// What does a rule consist of?
import type { Evidence, EvidenceId, EvidenceTypes, Known, Missing } from './evidence.ts';
import type { RuleId } from './rule-ids.ts';
import type { Text } from './sentence.ts';
import type { KeyName, Keys, Subject } from './subject.ts';
import type { Topology } from './topology.ts';
import type { Facts, Fail, Impact, Moment, Severity, Since, Support, Verdict, Witness } from './verdict.ts';

export type Area = 'gate' | 'host' | 'apiserver' | 'loadbalancer' | 'etcd' | 'leader' | 'clock' | 'certificates' | 'backup' | 'posture';

export type Certainty = 'yes' | 'no' | 'unknown';

/** Split of some items by a test that may meet gaps. */
export interface Tally<T> {
  readonly yes: readonly T[];
  readonly no: readonly T[];
  readonly unknown: readonly T[];
}

/**
 * The recording view a rule judges through. It notes every piece of evidence that is read, and the first one
 * that is missing turns the verdict into `unknown`, so no rule can mistake absence for health.
 */
export interface Seen<Id extends EvidenceId = EvidenceId> {
  readonly topology: Topology;
  /** Milliseconds since 1970 by our clock, when the run began. */
  readonly startedAt: number;
  /** The newest sample. Absent subject: the cluster's own. Ends the judgement as unknown where it is missing. */
  get<I extends Id>(id: I, subject?: Subject): EvidenceTypes[I];
  /** The same with its source and time. */
  known<I extends Id>(id: I, subject?: Subject): Known<I>;
  /** Every sample of one subject, oldest first; ends the judgement where there is none. */
  samples<I extends Id>(id: I, subject?: Subject): readonly Known<I>[];
  /** Looks without ending the judgement; `undefined` when nobody even tried. Still recorded as read. */
  peek<I extends Id>(id: I, subject?: Subject): Known<I> | Missing | undefined;
  /** The newest known sample for every subject that has one, else its newest gap. */
  every<I extends Id>(id: I): readonly (Known<I> | Missing)[];
  /** The first of two ways to know that is not missing; unknown only where both are. */
  either<T>(one: () => T, other: () => T): T;
  /** What `read` returns or throws, worked out once for all judgements; what it reads counts as read by each of them. */
  shared<T>(read: (seen: Seen<Id>) => T): T;
  /** What can be said where evidence suffices; undefined where a gap is met. */
  attempt<T>(act: () => T): T | undefined;
  /** Splits items; a gap met while testing an item puts it under `unknown` instead of ending the judgement. */
  tally<T>(items: readonly T[], test: (item: T) => boolean): Tally<T>;
}

/** What judge() returns; the engine adds rule, subject and citations. */
export type Judgement<Reason extends string = string> =
  | { readonly status: 'pass'; readonly facts: Facts }
  | {
      readonly status: 'fail';
      readonly facts: Facts;
      readonly severity?: Severity;
      readonly impact?: Impact;
      readonly reason?: Reason;
      readonly since?: Since;
      readonly moments?: readonly Moment[];
      readonly group?: string;
      readonly witness?: Witness;
      readonly supports?: readonly Support[];
    }
  | { readonly status: 'unknown'; readonly detail: string; readonly howToGet: string; readonly secondLook?: 'decides' | 'urged' }
  | { readonly status: 'not-applicable'; readonly because: string };

/** One failing verdict above another: what the gates of an edge may look at. */
export interface Link {
  readonly cause: Fail;
  readonly effect: Fail;
}

/** How one rule's failure bears on another's. Declared by the cause; semantics in docs/ranking.md. */
export interface Edge {
  readonly to: RuleId;
  readonly kind: 'causes' | 'made-of' | 'worsens' | 'hints';
  /** The key both sides must share, or `cluster` for any. */
  readonly on: KeyName | 'cluster';
  /** Why the one brings about the other, in one sentence for the docs. */
  readonly because: string;
  /** Reasons of the effect this cause can bring about; absent means all of them. */
  readonly produces?: readonly string[];
  /**
   * How many of the effect's supports must be hit, matched by `match`: `all` that are not good, or `every` one there is, where
   * a single good one would have been enough to keep the effect away.
   */
  readonly covers?: 'any' | 'quorum' | 'all' | 'every';
  /** The key by which a cause hits a support; needed with `covers`. */
  readonly match?: KeyName;
  /** A gate. `unknown` keeps the cause a possible one and nothing more. */
  readonly when?: (link: Link, seen: Seen) => Certainty;
  /** No recording shows it yet: it may only yield weak findings. */
  readonly unproven?: true;
}

export type Risk = 'none' | 'low' | 'medium' | 'high';

export interface Need {
  readonly text: Text;
  readonly met: Certainty;
}

/** One step of a repair, with real values in it. */
export interface Fix {
  readonly do: Text;
  /** `here`, `lb`, or a node's name. */
  readonly where: string;
  readonly run: readonly string[];
  readonly risk: Risk;
  readonly needs: readonly Need[];
  readonly verify: readonly string[];
  readonly undo?: readonly string[];
}

/** A cause as the fix texts see it: the verdicts of one rule that were ranked as one finding. */
export interface Cause {
  readonly facts: Facts;
  readonly subjects: readonly Subject[];
  readonly verdicts: readonly Fail[];
}

export interface Limit {
  readonly value: number;
  readonly unit: string;
  /** Where the number comes from: documentation, source code, or a recording of the lab. */
  readonly source: string;
}

export type Limits = Readonly<Record<string, Limit>>;

export interface Rule<Id extends EvidenceId = EvidenceId, L extends Limits = Limits, Reason extends string = string> {
  readonly id: RuleId;
  readonly area: Area;
  readonly since: string;
  readonly severity: Severity;
  readonly impact: Impact;
  /** 0 host, clock, certificate · 1 etcd process · 2 etcd consensus · 3 API server · 4 LB · 5 leases · 6 nodes · 7 posture. */
  readonly layer: 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7;
  /** Time or somebody's decision brought it about: once every rule behind it is excluded, nothing deeper is left to find. */
  readonly final?: true;
  /** One line when it fails, with `{facts}`. */
  readonly title: string;
  /** One positive sentence when it holds. */
  readonly healthy: string;
  /** What an operator loses while it fails. */
  readonly why: string;
  /** Lines under a cause; a line starting with `each rows:` is printed for every row of the fact `rows`. */
  readonly shows: readonly string[];
  /** The short text when it is folded under another finding. */
  readonly folded: string;
  readonly needs: readonly Id[];
  readonly limits: L;
  /** The closed list of how it can fail; empty when there is only one way. */
  readonly reasons: readonly Reason[];
  readonly subjects: (seen: Seen<Id>) => readonly Subject[];
  readonly judge: (seen: Seen<Id>, limits: { readonly [Name in keyof L]: number }, subject: Subject) => Judgement<NoInfer<Reason>>;
  /** What is looked at again, and how often, before a suspicion that may be a mere moment is called a failure. */
  readonly confirm?: { readonly evidence: readonly Id[]; readonly times: number; readonly everyMs: number };
  readonly explains: readonly Edge[];
  readonly fixes: (cause: Cause, seen: Seen) => readonly Fix[];
  /** What must not be done now. */
  readonly avoid: (cause: Cause, seen: Seen) => readonly Text[];
  readonly reading: readonly string[];
  /** Error texts that lead a searcher here. */
  readonly errors?: readonly string[];
}

/** A rule whose own type parameters no longer matter. */
// biome-ignore lint/suspicious/noExplicitAny: the registry holds rules with different needs and limits
export type AnyRule = Rule<any, any, any>;

export type { Evidence, Keys, Verdict };
