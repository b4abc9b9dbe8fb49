// What do the rules declare about each other?
import type { AnyRule, Edge } from '../model/rule.ts';

export class RuleIndex {
  readonly #rules: ReadonlyMap<string, AnyRule>;

  constructor(rules: readonly AnyRule[]) {
    this.#rules = new Map<string, AnyRule>(rules.map((rule) => [rule.id, rule]));
  }

  /** A rule that was not run comes after all others. */
  layerOf(rule: string): number {
    return this.#rules.get(rule)?.layer ?? 9;
  }

  /** Whether time or a decision brings it about, so that nothing deeper is left once all behind it is excluded. */
  isFinal(rule: string): boolean {
    return this.#rules.get(rule)?.final === true;
  }

  edgesFrom(rule: string): readonly Edge[] {
    return this.#rules.get(rule)?.explains ?? [];
  }

  /** Every edge of these kinds from one rule to another; there may be several, for different reasons. */
  edgesBetween(from: string, to: string, kinds: readonly Edge['kind'][]): readonly Edge[] {
    return this.edgesFrom(from).filter((edge) => edge.to === to && kinds.includes(edge.kind));
  }
}
