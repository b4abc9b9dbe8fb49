// What does a run hand to those who print it?
import type { RuleId } from './rule-ids.ts';
import type { Fix } from './rule.ts';
import type { Text } from './sentence.ts';
import type { Subject } from './subject.ts';
import type { Platform } from './topology.ts';
import type { Step } from './tree.ts';
import type { Fail, GapSeen, Impact, Severity, Verdict } from './verdict.ts';

export type Confidence = 'certain' | 'strong' | 'weak';

/** An unknown rule that may stand behind a finding. */
export interface PossibleCause {
  readonly rule: RuleId;
  readonly subject: string;
  readonly howToGet: string;
}

export interface Effect {
  readonly rule: RuleId;
  readonly subject: Subject;
  readonly verdict: Fail;
  /** `part` of an aggregate, or an `effect` further down. */
  readonly as: 'part' | 'effect';
  /** Ranks of other findings that explain it too. */
  readonly alsoBy: readonly number[];
}

/** Milliseconds since 1970 by the servers' clocks, between which it happened. */
export interface TimelineEntry {
  readonly at: readonly [number, number];
  readonly what: Text;
  /** Who tells the time. */
  readonly by: Text;
  /** Whose verdict this belongs to. */
  readonly rule: RuleId;
  readonly subject: string;
  /** What a person calls that subject. */
  readonly name: string;
}

export interface Finding {
  readonly rank: number;
  readonly cause: Fail;
  /** All verdicts of the cause's rule and group that this finding stands for, the cause among them. */
  readonly verdicts: readonly Fail[];
  readonly subjects: readonly Subject[];
  readonly effects: readonly Effect[];
  readonly possibleCauses: readonly PossibleCause[];
  readonly severity: Severity;
  readonly impact: Impact;
  readonly confidence: Confidence;
  readonly deeper: 'none' | 'unknown';
  /** Ranks of findings that only together explain a folded aggregate. */
  readonly togetherWith: readonly number[];
  /** Rules that were crossed without having been seen. */
  readonly bridges: readonly RuleId[];
  /** What came first, among what is known of cause and effects; empty where fewer than two things carry a time. */
  readonly timeline: readonly TimelineEntry[];
  readonly fixes: readonly Fix[];
  readonly avoid: readonly Text[];
}

/** A design weakness that made a finding hurt more. */
export interface Worsening {
  readonly verdict: Fail;
  readonly of: readonly number[];
}

export interface Vantage {
  readonly name: string;
  readonly reached: 'yes' | 'no' | 'partly';
  readonly detail: string;
  /** One sentence where it is us who could not look: a credential that could not be had. */
  readonly why?: string;
}

export interface Counts {
  readonly checks: number;
  readonly failed: number;
  readonly passed: number;
  readonly unknown: number;
  readonly notApplicable: number;
}

export interface Conclusion {
  /** One step of the same ladder as the exit codes: `incomplete` stands above `warning`, also where findings stand beside it. */
  readonly level: 'healthy' | 'critical' | 'warning' | 'incomplete';
  readonly line: Text;
  readonly impact: string;
  /** Ids of the vital questions in `tree` that are open, also where `level` is `critical`. */
  readonly unanswered: readonly string[];
}

export interface Report {
  readonly schema: 1;
  readonly tool: { readonly name: 'ha-doctor'; readonly version: string };
  readonly cluster: { readonly name: string; readonly server: string; readonly version: string; readonly platform: Platform };
  readonly vantages: readonly Vantage[];
  /** ISO 8601, by our clock. */
  readonly takenAt: string;
  readonly verdict: Conclusion;
  readonly counts: Counts;
  readonly tree: readonly Step[];
  readonly findings: readonly Finding[];
  readonly worsens: readonly Worsening[];
  /** Failing rules of severity info. */
  readonly notes: readonly Fail[];
  readonly verdicts: readonly Verdict[];
  readonly gaps: readonly GapSeen[];
  readonly run: {
    readonly replayed: boolean;
    readonly seconds: number;
    readonly interrupted: boolean;
    readonly timings: Readonly<Record<string, number>>;
  };
}
