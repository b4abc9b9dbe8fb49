// Which causes of its parts explain an aggregate?
import type { Fail } from '../model/verdict.ts';
import type { CauseGraph } from './graph.ts';
import type { Link } from './links.ts';
import { groupsOf, type Scene } from './scene.ts';
import { type Aggregates, type Consequences, consequencesOf } from './sufficiency.ts';

/**
 * Lifts what stands above an aggregate's parts over the aggregate itself. Every root (the verdicts of one rule and group)
 * that alone makes it fail becomes its parent. Where none does, all roots with a hand in it become its parents if together
 * they make it fail; if not even that, it stays a root beside them. Unproven edges count only where proven ones do not do.
 */
export function promote(graph: CauseGraph, aggregates: Aggregates, scene: Scene): void {
  const roots = groupsOf(graph.roots());
  const explained = new Set<Fail>();
  for (const unproven of [false, true]) {
    const ways = graph.ways.filter((way) => unproven || way.edge?.unproven !== true);
    const follow = (causes: readonly Fail[]): Consequences => consequencesOf(causes, ways, aggregates, scene.rules);
    const known = roots.map((group) => ({ group, consequences: follow(group) }));
    for (const [aggregate, parts] of aggregates) {
      if (explained.has(aggregate)) continue;
      const parents = parentsOf(
        aggregate,
        parts,
        known.filter(({ group }) => !group.includes(aggregate)),
        follow,
      );
      if (parents.length > 0) explained.add(aggregate);
      for (const cause of parents) graph.connect(cause, { to: aggregate, as: 'effect', unproven });
    }
  }
}

interface Root {
  readonly group: readonly Fail[];
  readonly consequences: Consequences;
}

function parentsOf(
  aggregate: Fail,
  parts: readonly Link[],
  roots: readonly Root[],
  follow: (causes: readonly Fail[]) => Consequences,
): readonly Fail[] {
  const verdictsOf = (some: readonly Root[]): readonly Fail[] => some.flatMap(({ group }) => group);
  const alone = roots.filter(({ consequences }) => consequences.isBroughtAbout(aggregate));
  if (alone.length > 0) return verdictsOf(alone);
  const involved = verdictsOf(roots.filter(({ consequences }) => parts.some((part) => consequences.isExplainedTo(aggregate, part.effect))));
  return follow(involved).isBroughtAbout(aggregate) ? involved : [];
}
