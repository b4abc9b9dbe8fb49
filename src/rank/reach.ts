// What lies below a group of roots, and how sure is each way down?
import type { Effect } from '../model/report.ts';
import type { RuleId } from '../model/rule-ids.ts';
import { byKey, type Fail } from '../model/verdict.ts';
import type { CauseGraph, Step } from './graph.ts';

export interface Reach {
  /** Steps on the shortest way; on the shortest sure one where there is any. */
  readonly distance: number;
  readonly as: Effect['as'];
  /** No step on the way is unproven or crosses a rule that was not seen. */
  readonly sure: boolean;
  readonly unproven: boolean;
  /** Unknown rules that were crossed. */
  readonly bridges: readonly RuleId[];
}

/** Nearest first. */
export function reachFrom(roots: readonly Fail[], graph: CauseGraph): ReadonlyMap<Fail, Reach> {
  const sure = search(roots, graph, isSure);
  const any = search(roots, graph, () => true);
  const parts = graph.partsOf(roots);
  const all = [...any].map(
    ([vertex, way]) => [vertex, { ...(sure.get(vertex) ?? way), as: parts.has(vertex) ? 'part' : 'effect' }] as const,
  );
  return new Map(all.sort(([one, first], [other, second]) => first.distance - second.distance || byKey(one, other)));
}

type Way = Omit<Reach, 'as'>;

function isSure(step: Step): boolean {
  return !step.unproven && step.bridge === undefined;
}

/** Breadth first, so the first way found is a shortest one. */
function search(roots: readonly Fail[], graph: CauseGraph, isAllowed: (step: Step) => boolean): ReadonlyMap<Fail, Way> {
  const reach = new Map<Fail, Way>();
  let level: readonly (readonly [Fail, Way | undefined])[] = roots.map((root) => [root, undefined]);
  while (level.length > 0) {
    const next: (readonly [Fail, Way])[] = [];
    for (const [vertex, sofar] of level) {
      for (const step of graph.below(vertex).filter(isAllowed)) {
        if (roots.includes(step.to) || reach.has(step.to)) continue;
        const found = extend(sofar, step);
        reach.set(step.to, found);
        next.push([step.to, found]);
      }
    }
    level = next.sort(([one], [other]) => byKey(one, other));
  }
  return reach;
}

function extend(sofar: Way | undefined, step: Step): Way {
  const before = sofar?.bridges ?? [];
  return {
    distance: (sofar?.distance ?? 0) + 1,
    sure: (sofar?.sure ?? true) && isSure(step),
    unproven: (sofar?.unproven ?? false) || step.unproven,
    bridges: step.bridge === undefined || before.includes(step.bridge) ? before : [...before, step.bridge],
  };
}
