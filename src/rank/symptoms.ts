// Do several symptoms without a visible cause share one that nobody could look at?
import type { AnyRule, Edge } from '../model/rule.ts';
import { type Fail, type Unknown, verdictKey } from '../model/verdict.ts';
import type { CauseGraph } from './graph.ts';
import type { RankInput } from './input.ts';
import { sharesKey } from '../model/subject.ts';

/**
 * Folds a symptom under a lower one when one unknown rule, on known and matching keys, could bring about both. What the
 * sick thing states about itself is never folded this way, so that a second fault stays visible.
 */
export function joinSymptoms(graph: CauseGraph, worsening: ReadonlySet<Fail>, unknowns: readonly Unknown[], input: RankInput): void {
  const rules = new Map<string, AnyRule>(input.rules.map((rule) => [rule.id, rule]));
  const layer = (vertex: Fail): number => rules.get(vertex.rule)?.layer ?? 9;
  const roots = graph.roots().filter((root) => !worsening.has(root));
  const lowestFirst = [...roots].sort((one, other) => layer(one) - layer(other) || (verdictKey(one) < verdictKey(other) ? -1 : 1));
  for (const [index, head] of lowestFirst.entries()) {
    for (const symptom of lowestFirst.slice(index + 1)) {
      if (symptom.witness === 'stated' || layer(symptom) <= layer(head) || graph.above(symptom).size > 0) continue;
      const shared = unknowns.find((unknown) => explains(rules, unknown, head) && explains(rules, unknown, symptom));
      if (shared !== undefined) graph.connect(head, { to: symptom, as: 'effect', unproven: true, bridge: shared.rule });
    }
  }
}

function explains(rules: ReadonlyMap<string, AnyRule>, unknown: Unknown, symptom: Fail): boolean {
  return (rules.get(unknown.rule)?.explains ?? []).some((edge: Edge) => edge.kind === 'causes' && edge.to === symptom.rule && reaches(edge, unknown, symptom));
}

function reaches(edge: Edge, unknown: Unknown, symptom: Fail): boolean {
  if (edge.produces !== undefined && symptom.reason !== undefined && !edge.produces.includes(symptom.reason)) return false;
  if (edge.on !== 'cluster') return sharesKey(unknown.subject.keys, symptom.subject.keys, edge.on);
  const { match } = edge;
  if (edge.covers === undefined || match === undefined) return edge.covers === undefined;
  return (symptom.supports ?? []).some((support) => support.state === 'lost' && sharesKey(unknown.subject.keys, support.keys, match));
}
