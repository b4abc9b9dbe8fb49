// How is a Report written down by hand in a few lines?
import type { Effect, Finding, PossibleCause, Report } from '../../../../src/model/report.ts';
import type { RuleId } from '../../../../src/model/rule-ids.ts';
import { type AnswerKind, type Step, vitalUnanswered } from '../../../../src/model/tree.ts';
import type { Subject, SubjectKind } from '../../../../src/model/subject.ts';
import type { Fail, NotApplicable, Pass, Unknown } from '../../../../src/model/verdict.ts';

export function subject(kind: SubjectKind, id: string, name: string, node?: string): Subject {
  return { kind, id, name, keys: node === undefined ? {} : { node } };
}

export const cluster = subject('cluster', 'cluster', 'cluster');

/** The samples name rules as they please; the renderer does not mind which there are. */
function named(rule: string): RuleId {
  return rule as RuleId;
}

export function failing(rule: string, about: Subject, more: Partial<Fail> = {}): Fail {
  return {
    status: 'fail',
    rule: named(rule),
    subject: about,
    cites: [],
    severity: 'critical',
    impact: 'outage',
    facts: {},
    witness: 'stated',
    ...more,
  };
}

export function passing(rule: string, about: Subject = cluster): Pass {
  return { status: 'pass', rule: named(rule), subject: about, cites: [], facts: {} };
}

export function unknown(rule: string, howToGet: string, blockedBy?: { rule: string; subject: string }, about: Subject = cluster): Unknown {
  const gaps = [
    { id: 'etcd.status', subject: `${about.kind}/${about.id}`, gap: 'not-collected', detail: 'nobody looked', howToGet },
  ] as const;
  return {
    status: 'unknown',
    rule: named(rule),
    subject: about,
    cites: [],
    gaps,
    ...(blockedBy && { blockedBy: { ...blockedBy, rule: named(blockedBy.rule) } }),
  };
}

export function notApplicable(rule: string, because: string): NotApplicable {
  return { status: 'not-applicable', rule: named(rule), subject: cluster, cites: [], because };
}

export function possibly(rule: string, about: string, howToGet: string): PossibleCause {
  return { rule: named(rule), subject: about, howToGet };
}

export function effect(verdict: Fail, as: 'part' | 'effect' = 'effect', alsoBy: readonly number[] = []): Effect {
  return { rule: verdict.rule, subject: verdict.subject, verdict, as, alsoBy };
}

export function finding(rank: number, cause: Fail, more: Partial<Finding> = {}): Finding {
  return {
    rank,
    cause,
    verdicts: [cause],
    subjects: [cause.subject],
    effects: [],
    possibleCauses: [],
    severity: cause.severity,
    impact: cause.impact,
    confidence: 'certain',
    deeper: 'unknown',
    togetherWith: [],
    bridges: [],
    timeline: [],
    fixes: [],
    avoid: [],
    ...more,
  };
}

export function step(
  branch: string,
  ask: string,
  answer: AnswerKind,
  counts: readonly [number, number, number],
  more: Partial<Step> = {},
): Step {
  const [passed, failed, open] = counts;
  return { question: `${branch}-${ask}`, branch, ask, vital: true, answer, because: [], passed, failed, unknown: open, ...more };
}

type Given = Pick<Report, 'verdicts' | 'vantages' | 'tree'> & Partial<Omit<Report, 'verdict'>>;

/** Counts are taken from the verdicts, so that they add up, and what is open from the tree. */
export function report(more: Given & { readonly verdict: Omit<Report['verdict'], 'unanswered'> }): Report {
  const count = (status: string) => more.verdicts.filter((verdict) => verdict.status === status).length;
  return {
    schema: 1,
    tool: { name: 'ha-doctor', version: '0.1.0' },
    cluster: { name: 'prod-sh', server: 'https://10.89.0.10:8443', version: 'v1.34.4', platform: { kind: 'kubeadm', detail: '' } },
    takenAt: '2026-11-21T03:12:44.310Z',
    counts: {
      checks: more.verdicts.length - count('not-applicable'),
      failed: count('fail'),
      passed: count('pass'),
      unknown: count('unknown'),
      notApplicable: count('not-applicable'),
    },
    findings: [],
    worsens: [],
    notes: [],
    gaps: more.verdicts.flatMap((verdict) => (verdict.status === 'unknown' ? verdict.gaps : [])),
    run: { replayed: false, seconds: 2.3, interrupted: false, timings: {} },
    ...more,
    verdict: { ...more.verdict, unanswered: vitalUnanswered(more.tree).map(({ question }) => question) },
  };
}
