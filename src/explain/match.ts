// To which rules, and to which question of the tree, does an error text lead?
import type { AnyRule } from '../model/rule.ts';
import type { Question } from '../model/tree.ts';
import { knownErrors } from './known-errors.ts';
import { type Catalogue, findRule, questionOf } from './links.ts';

export interface ErrorMatch {
  /** The part of the text that was recognised. */
  readonly text: string;
  readonly says: readonly string[];
  /** Rules this version has, the likelier first. */
  readonly rules: readonly AnyRule[];
  /** Where the walk begins. */
  readonly question?: Question;
}

interface Candidate {
  readonly text: string;
  readonly says: readonly string[];
  readonly rules: readonly string[];
}

/** Fewer letters than this in common mean nothing. */
const shortest = 6;

/** A text this much shorter than the best one was recognised by chance, such as a word within a sentence. */
const leastShare = 0.6;

/** The longest text that is recognised decides; rules that name it themselves come after the ones several share. */
export function matchError(given: string, catalogue: Catalogue): ErrorMatch | undefined {
  const text = normalise(given);
  if (text.length < shortest) return undefined;
  const hits = candidates(catalogue)
    .map((candidate) => ({ candidate, weight: overlap(text, normalise(candidate.text)) }))
    .filter(({ weight }) => weight > 0)
    .sort((one, other) => other.weight - one.weight);
  const best = hits[0];
  if (best === undefined) return undefined;
  const agreeing = candidates(catalogue).filter((candidate) => overlap(text, normalise(candidate.text)) >= leastShare * best.weight);
  const ids = [...new Set(agreeing.flatMap((candidate) => candidate.rules))];
  const rules = ids.map((id) => findRule(catalogue, id)).filter((rule) => rule !== undefined);
  const question = rules.map((rule) => questionOf(catalogue, rule.id)).find((one) => one !== undefined);
  return { text: best.candidate.text, says: [...new Set(agreeing.flatMap(({ says }) => says))], rules, ...(question && { question }) };
}

function candidates(catalogue: Catalogue): readonly Candidate[] {
  const shared = knownErrors.flatMap(({ texts, says, rules }) => texts.map((text) => ({ text, says: [says], rules })));
  const own = catalogue.rules.flatMap((rule) => (rule.errors ?? []).map((text) => ({ text, says: [], rules: [rule.id] })));
  return [...shared, ...own];
}

/** Letters in common when one text contains the other, else 0. */
function overlap(text: string, known: string): number {
  if (text.includes(known)) return known.length;
  return known.includes(text) ? text.length : 0;
}

function normalise(text: string): string {
  return text.toLowerCase().replace(/\s+/g, ' ').trim();
}

/** Rule ids that a misspelt one may have meant, the nearest first. */
export function similarRules(given: string, catalogue: Catalogue): readonly string[] {
  const words = new Set(
    normalise(given)
      .split(/[^a-z0-9]+/)
      .filter((word) => word.length > 2),
  );
  const scored = catalogue.rules.map((rule) => ({ id: rule.id, common: rule.id.split('-').filter((word) => words.has(word)).length }));
  return scored
    .filter(({ common }) => common > 0)
    .sort((one, other) => other.common - one.common || (one.id < other.id ? -1 : 1))
    .slice(0, 3)
    .map(({ id }) => id);
}
