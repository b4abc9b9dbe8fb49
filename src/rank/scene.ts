// What do all steps of the ranking look at, independent of the order in which it came?
import type { Edge } from '../model/rule.ts';
import type { Fail, Pass, Unknown, Verdict } from '../model/verdict.ts';
import { byKey } from '../model/verdict.ts';
import type { RankInput } from './input.ts';
import { RuleIndex } from './rule-index.ts';

export interface Scene {
  /** What can be a cause or an effect: failing, severity warning or critical; by rule and subject. */
  readonly vertices: readonly Fail[];
  /** Failing with severity info: told, never ranked. */
  readonly notes: readonly Fail[];
  /** Lowest layer first. */
  readonly unknowns: readonly Unknown[];
  readonly passes: readonly Pass[];
  readonly verdicts: readonly Verdict[];
  readonly rules: RuleIndex;
  readonly gate: RankInput['gate'];
}

export function setScene(input: RankInput): Scene {
  const rules = new RuleIndex(input.rules);
  const verdicts = [...input.verdicts].sort(byKey);
  const failing = verdicts.filter((verdict) => verdict.status === 'fail');
  return {
    vertices: failing.filter((verdict) => verdict.severity !== 'info'),
    notes: failing.filter((verdict) => verdict.severity === 'info'),
    unknowns: verdicts
      .filter((verdict) => verdict.status === 'unknown')
      .sort((one, other) => rules.layerOf(one.rule) - rules.layerOf(other.rule)),
    passes: verdicts.filter((verdict) => verdict.status === 'pass'),
    verdicts,
    rules,
    gate: input.gate,
  };
}

/** Equal for verdicts that become one finding when they are causes. */
export function groupKey(verdict: Fail): string {
  return `${verdict.rule} ${verdict.group ?? ''}`;
}

/** In the order of their first verdict. */
export function groupsOf(verdicts: readonly Fail[]): readonly (readonly Fail[])[] {
  const groups = new Map<string, Fail[]>();
  for (const verdict of verdicts) {
    const group = groups.get(groupKey(verdict)) ?? [];
    groups.set(groupKey(verdict), group);
    group.push(verdict);
  }
  return [...groups.values()];
}

/** Whether the edge can bring about the way in which the effect fails; an effect without a reason refutes nothing. */
export function canProduce(edge: Edge, effect: Fail): boolean {
  return edge.produces === undefined || effect.reason === undefined || edge.produces.includes(effect.reason);
}

/** Surely: even the earliest moment of the cause lies behind the latest of the effect. */
export function beganAfter(cause: Fail, effect: Fail): boolean {
  return cause.since !== undefined && effect.since !== undefined && cause.since.earliest > effect.since.latest;
}
