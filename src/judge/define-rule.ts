// How is a rule written down, and what can its judgement say?
import type { EvidenceId } from '../model/evidence.ts';
import type { AnyRule, Judgement, Limits, Rule } from '../model/rule.ts';
import type { Facts } from '../model/verdict.ts';

/** Gives a rule its types and refuses one whose parts contradict each other. @throws Error at load time. */
export function defineRule<const Id extends EvidenceId, const L extends Limits, const Reason extends string>(
  rule: Rule<Id, L, Reason>,
): AnyRule {
  for (const edge of rule.explains) {
    if (edge.to === rule.id) throw new Error(`${rule.id} explains itself`);
    if (edge.covers !== undefined && edge.match === undefined) throw new Error(`${rule.id} -> ${edge.to}: covers needs match`);
  }
  return rule;
}

/** The rule holds. */
export function pass(facts: Facts = {}): { status: 'pass'; facts: Facts } {
  return { status: 'pass', facts };
}

type FailOptions<Reason extends string> = Omit<Extract<Judgement<Reason>, { status: 'fail' }>, 'status' | 'facts'>;

/** The rule is broken; options raise or lower what the rule says by default. */
export function fail<const Reason extends string = never>(
  facts: Facts,
  options: FailOptions<Reason> = {},
): Extract<Judgement<Reason>, { status: 'fail' }> {
  return { status: 'fail', facts, ...options };
}

/** Everything asked was answered and still nobody can say. `howToGet` is one command or flag. */
export function undecided(detail: string, howToGet: string): { status: 'unknown'; detail: string; howToGet: string } {
  return { status: 'unknown', detail, howToGet };
}

/** One look is too little to say so, and it looks bad: reason enough for a second one. */
export function suspected(detail: string): Extract<Judgement, { status: 'unknown' }> {
  return { ...undecided(detail, '--deep'), secondLook: 'urged' };
}

/** What only two looks can tell was looked at once. */
export function notSampled(): Extract<Judgement, { status: 'unknown' }> {
  return { ...undecided('not sampled: one look only', '--deep'), secondLook: 'decides' };
}

/** The rule has no meaning here. */
export function notApplicable(because: string): { status: 'not-applicable'; because: string } {
  return { status: 'not-applicable', because };
}
