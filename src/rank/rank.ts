// Which causes explain the failing verdicts, in which order?
import type { Confidence, Effect, Worsening } from '../model/report.ts';
import type { Fail, Unknown, Verdict } from '../model/verdict.ts';
import { bridgeGaps } from './bridges.ts';
import { CauseGraph, type Step } from './graph.ts';
import type { RankedFinding, RankInput, Ranking } from './input.ts';
import { byKey, groupKey, type Links, linkUp } from './links.ts';
import { compareFindings, worstImpact, worstSeverity } from './order.ts';
import { blockerOf, possibleCausesOf } from './possible.ts';
import { joinSymptoms } from './symptoms.ts';

/** Pure and deterministic: the order of verdicts, rules or edges changes nothing. Described in docs/ranking.md. */
export function rank(input: RankInput): Ranking {
  const failing = input.verdicts.filter((verdict): verdict is Fail => verdict.status === 'fail').sort(byKey);
  const vertices = failing.filter((verdict) => verdict.severity !== 'info');
  const unknowns = input.verdicts.filter((verdict): verdict is Unknown => verdict.status === 'unknown');
  const links = linkUp(vertices, input);
  const graph = new CauseGraph(vertices, links);
  bridgeGaps(graph, unknowns, input);
  const worsening = new Set(links.worsens.map((link) => link.cause).filter((cause) => graph.above(cause).size === 0));
  joinSymptoms(graph, worsening, unknowns, input);
  const drafts = draftFindings(graph, worsening, input);
  const findings = drafts.map((draft, index) => finish(draft, index + 1, drafts, graph, links, unknowns, input));
  return {
    findings,
    worsens: worsenings(links, worsening, drafts),
    notes: failing.filter((verdict) => verdict.severity === 'info'),
    verdicts: input.verdicts.map((verdict) => withBlocker(verdict, drafts)),
  };
}

/** A group of roots with everything reachable from it. */
interface Draft {
  readonly verdicts: readonly Fail[];
  readonly cause: Fail;
  /** Everything below, with the shortest way to it. */
  readonly reach: ReadonlyMap<Fail, Reach>;
  readonly all: readonly Fail[];
}

interface Reach {
  readonly distance: number;
  readonly as: Effect['as'];
  readonly unproven: boolean;
  readonly bridges: readonly string[];
}

function draftFindings(graph: CauseGraph, worsening: ReadonlySet<Fail>, input: RankInput): readonly Draft[] {
  const groups = new Map<string, Fail[]>();
  for (const root of graph.roots().filter((one) => !worsening.has(one))) {
    groups.set(groupKey(root), [...(groups.get(groupKey(root)) ?? []), root]);
  }
  const drafts = [...groups.values()].map((verdicts) => {
    const reach = reachFrom(verdicts, graph);
    return { verdicts, cause: verdicts[0] as Fail, reach, all: [...verdicts, ...reach.keys()] };
  });
  const weigh = (draft: Draft) => ({
    verdicts: draft.verdicts,
    impact: worstImpact(draft.all),
    severity: worstSeverity(draft.all),
    effects: draft.reach.size,
  });
  return drafts.sort((one, other) => compareFindings(weigh(one), weigh(other), input.rules));
}

/** Breadth first, so the first way found is a shortest one. */
function reachFrom(roots: readonly Fail[], graph: CauseGraph): ReadonlyMap<Fail, Reach> {
  const reach = new Map<Fail, Reach>();
  const start: Reach = { distance: 0, as: 'effect', unproven: false, bridges: [] };
  const queue: (readonly [Fail, Reach])[] = roots.map((root) => [root, start]);
  for (let index = 0; index < queue.length; index++) {
    const [vertex, sofar] = queue[index] as readonly [Fail, Reach];
    for (const step of [...graph.below(vertex)].sort((one, other) => byKey(one.to, other.to))) {
      if (roots.includes(step.to) || reach.has(step.to)) continue;
      const next = extend(sofar, step);
      reach.set(step.to, next);
      queue.push([step.to, next]);
    }
  }
  return reach;
}

function extend(sofar: Reach, step: Step): Reach {
  const bridges = step.bridge === undefined ? sofar.bridges : [...sofar.bridges, step.bridge];
  const part = step.as === 'part' && sofar.distance === 0;
  return { distance: sofar.distance + 1, as: part ? 'part' : 'effect', unproven: sofar.unproven || step.unproven, bridges };
}

function finish(
  draft: Draft,
  rankOf: number,
  drafts: readonly Draft[],
  graph: CauseGraph,
  links: Links,
  unknowns: readonly Unknown[],
  input: RankInput,
): RankedFinding {
  const effects = ownEffects(draft, drafts);
  const parts = [...draft.reach].filter(([, reach]) => reach.as === 'part').map(([vertex]) => vertex);
  const possibleCauses = possibleCausesOf(draft.verdicts, parts, unknowns, input.rules, links.possible);
  const bridges = [...new Set([...draft.reach.values()].flatMap((reach) => reach.bridges))].sort();
  return {
    rank: rankOf,
    cause: draft.cause,
    verdicts: draft.verdicts,
    subjects: draft.verdicts.map((verdict) => verdict.subject),
    effects,
    possibleCauses,
    severity: worstSeverity(draft.all),
    impact: worstImpact(draft.all),
    confidence: confidenceOf(draft, bridges, links),
    deeper: possibleCauses.length === 0 ? 'none' : 'unknown',
    togetherWith: jointWith(draft, drafts, graph),
    bridges,
  };
}

/** Effects this finding lists: those it reaches on the shortest way, the earlier finding winning a tie. */
function ownEffects(draft: Draft, drafts: readonly Draft[]): readonly Effect[] {
  return [...draft.reach].flatMap(([vertex, reach]) => {
    const reaching = drafts.filter((one) => one.reach.has(vertex));
    const owner = reaching.reduce((best, one) => (distance(one, vertex) < distance(best, vertex) ? one : best));
    if (owner !== draft) return [];
    const alsoBy = reaching.filter((one) => one !== draft).map((one) => drafts.indexOf(one) + 1);
    return [{ rule: vertex.rule, subject: vertex.subject, verdict: vertex, as: reach.as, alsoBy }];
  });
}

function distance(draft: Draft, vertex: Fail): number {
  return draft.reach.get(vertex)?.distance ?? Number.POSITIVE_INFINITY;
}

const ladder: readonly Confidence[] = ['certain', 'strong', 'weak'];

/** Certain = stated; strong = two independent ways of looking; one step down for a bridge or an undecided parent. */
function confidenceOf(draft: Draft, bridges: readonly string[], links: Links): Confidence {
  const { witness, cites } = draft.cause;
  const independent = [...draft.reach.keys()].some((effect) => effect.cites.length > 0 && !effect.cites.some((cite) => cites.includes(cite)));
  let level = witness === 'stated' ? 0 : witness === 'agreed' || independent ? 1 : 2;
  if (bridges.length > 0) level += 1;
  if (links.possible.some((link) => draft.verdicts.includes(link.effect))) level += 1;
  if ([...draft.reach.values()].some((reach) => reach.unproven)) level = 2;
  return ladder[Math.min(level, 2)] ?? 'weak';
}

function jointWith(draft: Draft, drafts: readonly Draft[], graph: CauseGraph): readonly number[] {
  const own = groupKey(draft.cause);
  const joint = [...graph.joint.values()].filter((groups) => groups.includes(own)).flat();
  return drafts.flatMap((one, index) => (one !== draft && joint.includes(groupKey(one.cause)) ? [index + 1] : []));
}

function worsenings(links: Links, worsening: ReadonlySet<Fail>, drafts: readonly Draft[]): readonly Worsening[] {
  return [...worsening].sort(byKey).map((verdict) => {
    const worsened = links.worsens.filter((link) => link.cause === verdict).map((link) => link.effect);
    return { verdict, of: drafts.flatMap((draft, index) => (draft.all.some((one) => worsened.includes(one)) ? [index + 1] : [])) };
  });
}

function withBlocker(verdict: Verdict, drafts: readonly Draft[]): Verdict {
  if (verdict.status !== 'unknown') return verdict;
  const blocker = blockerOf(verdict, drafts);
  return blocker === undefined ? verdict : { ...verdict, blockedBy: { rule: blocker.rule, subject: `${blocker.subject.kind}/${blocker.subject.id}` } };
}
