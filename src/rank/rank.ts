// Which causes explain the failing verdicts, in which order?
import type { Fail } from '../model/verdict.ts';
import { withBlocker } from './blocked.ts';
import { bridgeGaps } from './bridges.ts';
import { confidenceOf } from './confidence.ts';
import { type Draft, draftFindings, helpersOf, ownEffects } from './drafts.ts';
import { CauseGraph } from './graph.ts';
import type { RankedFinding, RankInput, Ranking } from './input.ts';
import { type Links, linkUp } from './links.ts';
import { worstImpact, worstSeverity } from './order.ts';
import { possibleCausesOf } from './possible.ts';
import { promote } from './promotion.ts';
import { type Scene, setScene } from './scene.ts';
import { aggregatesOf } from './sufficiency.ts';
import { joinSymptoms } from './symptoms.ts';
import { describeWorsenings, findWorsenings } from './worsening.ts';

/** Pure and deterministic: the order of verdicts, rules or edges changes nothing. Described in docs/ranking.md. */
export function rank(input: RankInput): Ranking {
  const scene = setScene(input);
  const links = linkUp(scene);
  const graph = new CauseGraph(scene.vertices, links);
  const aggregates = aggregatesOf(links.parts, scene.rules);
  promote(graph, aggregates, scene);
  bridgeGaps(graph, scene);
  joinSymptoms(graph, findWorsenings(graph, links), scene);
  const worsening = findWorsenings(graph, links);
  const drafts = draftFindings(graph, worsening, aggregates, links.possible, scene);
  return {
    findings: drafts.map((draft, index) => ({ rank: index + 1, ...finish(draft, drafts, { graph, links, scene }) })),
    worsens: describeWorsenings(worsening, links, drafts),
    notes: scene.notes,
    verdicts: scene.verdicts.map((verdict) => withBlocker(verdict, drafts)),
  };
}

interface Worked {
  readonly graph: CauseGraph;
  readonly links: Links;
  readonly scene: Scene;
}

function finish(draft: Draft, drafts: readonly Draft[], { graph, links, scene }: Worked): Omit<RankedFinding, 'rank'> {
  const effects = ownEffects(draft, drafts);
  const possibleCauses = possibleCausesOf(constituents(draft, graph), links, scene);
  return {
    cause: draft.cause,
    verdicts: draft.verdicts,
    subjects: draft.verdicts.map((verdict) => verdict.subject),
    effects: effects.map(({ way: _way, ...effect }) => effect),
    possibleCauses,
    severity: worstSeverity(draft.all),
    impact: worstImpact(draft.all),
    confidence: confidenceOf(draft, effects, links),
    deeper: possibleCauses.length === 0 && scene.rules.isFinal(draft.cause.rule) ? 'none' : 'unknown',
    togetherWith: helpersOf(draft, drafts),
    bridges: [...new Set(effects.flatMap((effect) => effect.way.bridges))].sort(),
  };
}

/** The verdicts of a finding, their parts, and what below them leads to those parts: whoever explains these may explain it. */
function constituents({ verdicts, reach }: Draft, graph: CauseGraph): readonly Fail[] {
  const found = new Set(verdicts);
  for (const vertex of found) {
    for (const part of graph.partsOf([vertex])) {
      for (const below of reach.keys()) if (graph.reaches(below, part)) found.add(below);
    }
  }
  return [...found];
}
