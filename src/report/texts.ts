// Where do the English sentences of a rule come from?
import type { RuleTexts } from '../locales/locale.ts';
import type { AnyRule } from '../model/rule.ts';

/** A lookup by rule id. A rule that is gone, as in a report of another version, shows its id. */
export function ruleTexts(rules: readonly AnyRule[]): (id: string) => RuleTexts {
  const byId = new Map<string, RuleTexts>(rules.map((rule) => [rule.id, rule]));
  return (id) => byId.get(id) ?? { title: id, healthy: id, why: '', shows: [], folded: '' };
}
