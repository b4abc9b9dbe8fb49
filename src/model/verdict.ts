// What did one rule find on one subject?
import type { Citation, EvidenceId, Gap } from './evidence.ts';
import type { RuleId } from './rule-ids.ts';
import type { Text, Word } from './sentence.ts';
import type { Keys, Subject } from './subject.ts';

export type Severity = 'critical' | 'warning' | 'info';

/** How bad it is for the users of the cluster, worst first. */
export type Impact = 'outage' | 'degraded' | 'at-risk';

/** One row of a fact that has several lines on the screen. */
export type FactRow = Readonly<Record<string, Word>>;

/** Named values that templates refer to as `{name}`; a list of rows is printed a line each. */
export type Facts = Readonly<Record<string, Word | readonly FactRow[]>>;

/** An interval in milliseconds since 1970 within which the state began. */
export interface Since {
  readonly earliest: number;
  readonly latest: number;
}

/** Something that happened once, within an interval by our clock. */
export interface Moment {
  readonly at: Since;
  /** Such as `the API server on m2 ended, exit code 1`. */
  readonly what: Text;
  /** Who tells the time: `kubelet`, `log`, `lease`, … */
  readonly by: Text;
}

/**
 * Who says so: the sick thing itself or a configuration, certificate, alarm or hash (`stated`);
 * two independent ways of looking (`agreed`); one look from outside (`measured`).
 */
export type Witness = 'stated' | 'agreed' | 'measured';

/** One of the things a wide effect rests on, such as a candidate of a lease or a backend of a load balancer. */
export interface Support {
  readonly name: string;
  readonly keys: Keys;
  /** Whether this one is lost; unknown ones are never counted as hit by a cause. */
  readonly state: 'lost' | 'good' | 'unknown';
}

interface Judged {
  readonly rule: RuleId;
  readonly subject: Subject;
  readonly cites: readonly Citation[];
}

export interface Pass extends Judged {
  readonly status: 'pass';
  readonly facts: Facts;
}

export interface Fail extends Judged {
  readonly status: 'fail';
  readonly severity: Severity;
  readonly impact: Impact;
  /** One of the rule's own closed list. */
  readonly reason?: string;
  readonly facts: Facts;
  readonly since?: Since;
  /** What else is known to have happened, and when: for the timeline of a finding. */
  readonly moments?: readonly Moment[];
  /** What several verdicts of the rule share, such as the role of a certificate. */
  readonly group?: string;
  readonly witness: Witness;
  readonly supports?: readonly Support[];
}

/** A gap together with what it belongs to. */
export interface GapSeen extends Gap {
  readonly id: EvidenceId;
  readonly subject: string;
}

export interface Unknown extends Judged {
  readonly status: 'unknown';
  /** Never empty: the reasons why nobody can say. */
  readonly gaps: readonly GapSeen[];
  /** Another look at the same thing would decide; `urged`: what was seen looks bad, so that it should be taken. */
  readonly secondLook?: 'decides' | 'urged';
  /** The finding that stands in the way; set by the ranking. */
  readonly blockedBy?: { readonly rule: RuleId; readonly subject: string };
}

export interface NotApplicable extends Judged {
  readonly status: 'not-applicable';
  readonly because: string;
}

export type Verdict = Pass | Fail | Unknown | NotApplicable;

/** A text that is equal for the same rule on the same subject. */
export function verdictKey(verdict: Pick<Verdict, 'rule' | 'subject'>): string {
  return `${verdict.rule} ${verdict.subject.kind}/${verdict.subject.id}`;
}

/** The order of their keys, without making them: there may be thousands. */
export function byKey(one: Pick<Verdict, 'rule' | 'subject'>, other: Pick<Verdict, 'rule' | 'subject'>): number {
  return (
    compareTexts(one.rule, other.rule) ||
    compareTexts(one.subject.kind, other.subject.kind) ||
    compareTexts(one.subject.id, other.subject.id)
  );
}

function compareTexts(one: string, other: string): number {
  return one === other ? 0 : one < other ? -1 : 1;
}
