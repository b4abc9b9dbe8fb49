// Which roots become one finding, in which order, and which effects does each list?
import type { Effect } from '../model/report.ts';
import type { Link } from '../model/rule.ts';
import type { Fail } from '../model/verdict.ts';
import type { CauseGraph } from './graph.ts';
import { compareWeights, hurtAlike, type Weight, weigh } from './order.ts';
import { type Reach, reachFrom } from './reach.ts';
import { groupsOf, type Scene } from './scene.ts';
import { type Aggregates, type Consequences, consequencesOf } from './sufficiency.ts';

/** A finding in the making: the roots of one rule and group with everything below them. */
export interface Draft {
  readonly verdicts: readonly Fail[];
  readonly cause: Fail;
  readonly reach: ReadonlyMap<Fail, Reach>;
  /** Verdicts and everything below. */
  readonly all: readonly Fail[];
  /** What it brings about without the help of another finding. */
  readonly alone: Consequences;
}

/** In the order of the report. @param possible links whose gate nobody could decide. */
export function draftFindings(
  graph: CauseGraph,
  leftOut: ReadonlySet<Fail>,
  aggregates: Aggregates,
  possible: readonly Link[],
  scene: Scene,
): readonly Draft[] {
  const roots = graph.roots().filter((root) => !leftOut.has(root));
  const drafts = groupsOf(roots).flatMap((verdicts) => {
    const [cause] = verdicts;
    const reach = reachFrom(verdicts, graph);
    const alone = consequencesOf(verdicts, graph.ways, aggregates, scene.rules);
    return cause === undefined ? [] : [{ verdicts, cause, reach, all: [...verdicts, ...reach.keys()], alone }];
  });
  const weighed = drafts.map((draft) => ({ draft, weight: weigh(draft.verdicts, [...draft.reach.keys()], scene.rules) }));
  return causesFirst(
    weighed.sort((one, other) => compareWeights(one.weight, other.weight)),
    possible,
  );
}

interface Weighed {
  readonly draft: Draft;
  readonly weight: Weight;
}

/** Of findings that hurt alike, what may stand behind another one goes before it. */
function causesFirst(sorted: readonly Weighed[], possible: readonly Link[]): readonly Draft[] {
  const goesFirst = (one: Draft, other: Draft): boolean => mayBeBehind(one, other, possible) && !mayBeBehind(other, one, possible);
  const placed = new Set<Draft>();
  const begun = new Set<Draft>();
  const place = (one: Weighed): void => {
    if (begun.has(one.draft)) return;
    begun.add(one.draft);
    for (const other of sorted) if (hurtAlike(one.weight, other.weight) && goesFirst(other.draft, one.draft)) place(other);
    placed.add(one.draft);
  };
  for (const one of sorted) place(one);
  return [...placed];
}

function mayBeBehind(one: Draft, other: Draft, possible: readonly Link[]): boolean {
  return possible.some(({ cause, effect }) => one.verdicts.includes(cause) && other.verdicts.includes(effect));
}

export interface OwnEffect extends Effect {
  readonly way: Reach;
}

/** Each effect stands under one finding: the one with a sure way to it, then the shortest way, then the earlier one. */
export function ownEffects(draft: Draft, drafts: readonly Draft[]): readonly OwnEffect[] {
  return [...draft.reach].flatMap(([verdict, way]) => {
    const explaining = explainersOf(verdict, drafts);
    const owner = explaining.reduce((best, one) => (isNearer(one.reach.get(verdict), best.reach.get(verdict)) ? one : best));
    if (owner !== draft) return [];
    const alsoBy = explaining.filter((one) => one !== draft).map((one) => drafts.indexOf(one) + 1);
    return [{ rule: verdict.rule, subject: verdict.subject, verdict, as: way.as, alsoBy, way }];
  });
}

/** Findings that bring it about alone; where there is none, all that have a hand in it. */
function explainersOf(verdict: Fail, drafts: readonly Draft[]): readonly Draft[] {
  const reaching = drafts.filter((one) => one.reach.has(verdict));
  const sufficient = reaching.filter((one) => one.alone.has(verdict));
  return sufficient.length > 0 ? sufficient : reaching;
}

/** Ranks of the findings without which this one could not have brought about all that it leads to. */
export function helpersOf(draft: Draft, drafts: readonly Draft[]): readonly number[] {
  const shared = [...draft.reach.keys()].filter((vertex) => drafts.every((one) => !one.alone.has(vertex)));
  return drafts.flatMap((one, index) => (one !== draft && shared.some((vertex) => one.reach.has(vertex)) ? [index + 1] : []));
}

function isNearer(one: Reach | undefined, other: Reach | undefined): boolean {
  if (one === undefined || other === undefined) return one !== undefined;
  return one.sure === other.sure ? one.distance < other.distance : one.sure;
}
