// What does the decision tree look like, and what does a walk through it leave behind?
import type { RuleId } from './rule-ids.ts';

export interface Question {
  readonly id: string;
  /** gate, api, etcd, leases, clocks, certificates, backup, posture: what `--only` takes. */
  readonly branch: string;
  readonly ask: string;
  /** Exit 0 needs an answer to this one. */
  readonly vital: boolean;
  readonly rules: readonly RuleId[];
  /** Where to go on: by answer, the ids of the next questions. */
  readonly next: { readonly yes: readonly string[]; readonly no: readonly string[] };
}

/** `not-asked`: no rule of this question was run, because there is none yet or another branch was chosen. */
export type AnswerKind = 'yes' | 'partly' | 'no' | 'unknown' | 'not-applicable' | 'not-asked';

export interface Step {
  readonly question: string;
  readonly branch: string;
  readonly ask: string;
  readonly vital: boolean;
  readonly answer: AnswerKind;
  /** Rules that failed or stayed unknown, and so decided the answer. */
  readonly because: readonly string[];
  readonly passed: number;
  readonly failed: number;
  readonly unknown: number;
  /** Rank of the finding this question's failures belong to. */
  readonly finding?: number;
}

/**
 * Vital questions without an answer. One that is open on a single subject is open, whatever failed on another one: what nobody
 * could look at may be worse than what was found. One whose rules were not run is as open as one whose rules could not tell.
 */
export function vitalUnanswered(steps: readonly Step[]): readonly Step[] {
  return steps.filter((step) => step.vital && (step.unknown > 0 || step.answer === 'not-asked'));
}
