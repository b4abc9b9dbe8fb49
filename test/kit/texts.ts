// Are a rule's sentences complete, and what does it propose to do?
import { viewOf } from '../../src/judge/judge.ts';
import { fill, fillLines, placeholders } from '../../src/explain/template.ts';
import type { AnyRule, Fix } from '../../src/model/rule.ts';
import type { Fail, Facts } from '../../src/model/verdict.ts';
import { inEnglish, type World } from './world.ts';

/** Names a failing verdict's texts ask for and its facts do not have. */
export function unfilled(rule: AnyRule, verdict: Fail): readonly string[] {
  const whole = [rule.title, rule.why, rule.folded].map((template) => fill(template, verdict.facts));
  const lines = fillLines(rule.shows, verdict.facts).flatMap((line) => line.columns);
  return [...whole, ...lines].flatMap((text) => placeholders(text));
}

/** The lines under the cause as they stand on the screen, without alignment. */
export function shown(rule: AnyRule, verdict: Fail): readonly string[] {
  return fillLines(rule.shows, verdict.facts).map((line) => line.columns.join('  '));
}

/** The plan for verdicts that became one finding; the facts are the first one's. */
export function fixesOf(rule: AnyRule, world: World, ...verdicts: readonly Fail[]): readonly Fix[] {
  return inEnglish(rule.fixes(causeOf(verdicts), viewOf(world.evidence, world.topology)));
}

export function avoidOf(rule: AnyRule, world: World, ...verdicts: readonly Fail[]): readonly string[] {
  return rule.avoid(causeOf(verdicts), viewOf(world.evidence, world.topology)).map(String);
}

function causeOf(verdicts: readonly Fail[]) {
  const facts: Facts = verdicts[0]?.facts ?? {};
  return { facts, subjects: verdicts.map((verdict) => verdict.subject), verdicts };
}

/** What a gate says about one edge between two verdicts. */
export function gateOf(rule: AnyRule, world: World, cause: Fail, effect: Fail): readonly ('yes' | 'no' | 'unknown')[] {
  const seen = viewOf(world.evidence, world.topology);
  return rule.explains.filter((edge) => edge.to === effect.rule).map((edge) => edge.when?.({ cause, effect }, seen) ?? 'yes');
}
