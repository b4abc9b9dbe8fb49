// What does the ranking work on, and what does it give back?
import type { Finding, Worsening } from '../model/report.ts';
import type { AnyRule, Certainty, Edge, Link } from '../model/rule.ts';
import type { Fail, Verdict } from '../model/verdict.ts';

export interface RankInput {
  readonly verdicts: readonly Verdict[];
  readonly rules: readonly AnyRule[];
  /** Evaluates an edge's gate; `unknown` where it met missing evidence. */
  readonly gate: (edge: Edge, link: Link) => Certainty;
}

/** A finding before its repair texts and times are filled in. */
export type RankedFinding = Omit<Finding, 'fixes' | 'avoid' | 'timeline'>;

export interface Ranking {
  readonly findings: readonly RankedFinding[];
  readonly worsens: readonly Worsening[];
  readonly notes: readonly Fail[];
  /** The verdicts given, with `blockedBy` where a finding stands in the way. */
  readonly verdicts: readonly Verdict[];
}
