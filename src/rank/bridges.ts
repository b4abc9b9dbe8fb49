// May two failing verdicts be joined across one rule that nobody could look at?
import type { AnyRule, Edge } from '../model/rule.ts';
import { type Keys, sharesKey } from '../model/subject.ts';
import type { Fail, Unknown } from '../model/verdict.ts';
import type { CauseGraph } from './graph.ts';
import type { RankInput } from './input.ts';

/**
 * Adds cause -> (unknown) -> effect where keys match on both sides and the effect would otherwise be a root. A rule that
 * passed is never crossed, and neither is an edge that needs a number of supports to be hit.
 */
export function bridgeGaps(graph: CauseGraph, unknowns: readonly Unknown[], input: RankInput): void {
  const rules = new Map<string, AnyRule>(input.rules.map((rule) => [rule.id, rule]));
  for (const effect of graph.roots()) {
    for (const cause of graph.vertices) {
      const bridge = unknowns.find((unknown) => crosses(cause, unknown, effect, rules, input));
      if (bridge !== undefined) graph.connect(cause, { to: effect, as: 'effect', unproven: false, bridge: bridge.rule });
    }
  }
}

function crosses(cause: Fail, unknown: Unknown, effect: Fail, rules: ReadonlyMap<string, AnyRule>, input: RankInput): boolean {
  if (cause === effect || cause.rule === effect.rule) return false;
  const first = edgeTo(rules.get(cause.rule), unknown.rule);
  const second = edgeTo(rules.get(unknown.rule), effect.rule);
  if (first === undefined || second === undefined) return false;
  if (!matches(first, cause.subject.keys, unknown.subject.keys) || !matches(second, unknown.subject.keys, effect.subject.keys)) return false;
  if (second.produces !== undefined && effect.reason !== undefined && !second.produces.includes(effect.reason)) return false;
  if (cause.since !== undefined && effect.since !== undefined && cause.since.earliest > effect.since.latest) return false;
  return gatesHold(first, second, cause, unknown, effect, input);
}

function edgeTo(rule: AnyRule | undefined, to: string): Edge | undefined {
  return rule?.explains.find((edge) => edge.to === to && edge.kind === 'causes' && edge.covers === undefined && edge.unproven !== true);
}

function matches(edge: Edge, one: Keys, other: Keys): boolean {
  return edge.on === 'cluster' || sharesKey(one, other, edge.on);
}

/** Gates see the unknown rule as if it had failed on its subject, without facts. */
function gatesHold(first: Edge, second: Edge, cause: Fail, unknown: Unknown, effect: Fail, input: RankInput): boolean {
  const { rule, subject, cites } = unknown;
  const assumed: Fail = { rule, subject, cites, status: 'fail', severity: 'warning', impact: 'at-risk', facts: {}, witness: 'measured' };
  return input.gate(first, { cause, effect: assumed }) === 'yes' && input.gate(second, { cause: assumed, effect }) === 'yes';
}
