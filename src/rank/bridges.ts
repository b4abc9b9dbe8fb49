// May two failing verdicts be joined across one rule that nobody could look at?
import type { Fail, Unknown } from '../model/verdict.ts';
import type { CauseGraph } from './graph.ts';
import { beganAfter, canProduce, type Scene } from './scene.ts';
import { assumeFailing, gateUnseen, isRefuted, surelyReaches } from './unseen.ts';

/**
 * Adds cause -> (unknown) -> effect where keys match on both sides, both gates are open whatever the unknown rule would have
 * found, and the effect would otherwise be a root. A rule that passed is never crossed, and neither is an edge that needs a
 * number of supports to be hit, or one that is unproven.
 */
export function bridgeGaps(graph: CauseGraph, scene: Scene): void {
  const crossable = scene.unknowns.filter((unknown) => !isRefuted(unknown, scene));
  for (const effect of graph.roots()) {
    const before = crossable.filter((unknown) => leadsTo(unknown, effect, scene));
    for (const cause of scene.vertices) {
      if (cause === effect || cause.rule === effect.rule || beganAfter(cause, effect)) continue;
      const bridge = before.find((unknown) => leadsUpTo(cause, unknown, scene));
      if (bridge !== undefined) graph.connect(cause, { to: effect, as: 'effect', unproven: false, bridge: bridge.rule });
    }
  }
}

function leadsTo(unknown: Unknown, effect: Fail, scene: Scene): boolean {
  return scene.rules
    .edgesBetween(unknown.rule, effect.rule, ['causes'])
    .some(
      (edge) =>
        surelyReaches(unknown, effect, edge) &&
        canProduce(edge, effect) &&
        gateUnseen(scene, edge, { cause: assumeFailing(unknown), effect }) === 'yes',
    );
}

function leadsUpTo(cause: Fail, unknown: Unknown, scene: Scene): boolean {
  return scene.rules
    .edgesBetween(cause.rule, unknown.rule, ['causes'])
    .some((edge) => surelyReaches(cause, unknown, edge) && gateUnseen(scene, edge, { cause, effect: assumeFailing(unknown) }) === 'yes');
}
