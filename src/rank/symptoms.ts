// Do several symptoms without a visible cause share one that nobody could look at?
import { byKey, type Fail, type Unknown } from '../model/verdict.ts';
import type { CauseGraph } from './graph.ts';
import { canProduce, type Scene } from './scene.ts';
import { assumeFailing, gateUnseen, isRefuted, surelyCovers, surelyReaches } from './unseen.ts';

/**
 * Folds symptoms under the lowest of them when one and the same unknown verdict would bring about all of them:
 * - on keys that are known and equal, or by alone hitting enough of what the symptom rests on;
 * - a state of the whole cluster only where it would show everywhere: no verdict of the symptom's rule passes, and nothing
 *   passes that such a state brings about without condition. Otherwise one unknown quorum would swallow every second fault;
 * - never where the sick thing itself says what is wrong, neither as head nor as symptom: that is a cause one can see.
 * Each head takes the unknown that explains most; symptoms that share another one stay findings of their own.
 */
export function joinSymptoms(graph: CauseGraph, leftOut: ReadonlySet<Fail>, scene: Scene): void {
  const layer = (vertex: Fail): number => scene.rules.layerOf(vertex.rule);
  const loose = graph.roots().filter((root) => !leftOut.has(root) && root.witness !== 'stated');
  const lowestFirst = [...loose].sort((one, other) => layer(one) - layer(other) || byKey(one, other));
  const candidates = scene.unknowns.filter((unknown) => !isRefuted(unknown, scene));
  for (const head of lowestFirst) {
    const higher = lowestFirst.filter((symptom) => layer(symptom) > layer(head));
    const { unknown, symptoms } = bestShared(head, higher, candidates, graph, scene);
    if (unknown === undefined) continue;
    for (const to of symptoms) graph.connect(head, { to, as: 'effect', unproven: true, bridge: unknown.rule });
  }
}

interface Shared {
  readonly unknown: Unknown | undefined;
  readonly symptoms: readonly Fail[];
}

function bestShared(head: Fail, higher: readonly Fail[], candidates: readonly Unknown[], graph: CauseGraph, scene: Scene): Shared {
  const isRoot = (vertex: Fail): boolean => graph.above(vertex).size === 0;
  const none: Shared = { unknown: undefined, symptoms: [] };
  if (!isRoot(head)) return none;
  return candidates
    .filter((unknown) => wouldBringAbout(unknown, head, scene))
    .map((unknown) => ({ unknown, symptoms: higher.filter((symptom) => isRoot(symptom) && wouldBringAbout(unknown, symptom, scene)) }))
    .reduce<Shared>((best, one) => (one.symptoms.length > best.symptoms.length ? one : best), none);
}

function wouldBringAbout(unknown: Unknown, effect: Fail, scene: Scene): boolean {
  const cause = assumeFailing(unknown);
  const everywhere = !scene.passes.some((pass) => pass.rule === effect.rule);
  return scene.rules.edgesBetween(unknown.rule, effect.rule, ['causes']).some((edge) => {
    const reaches = surelyReaches(unknown, effect, edge) && (edge.on !== 'cluster' || everywhere);
    return (
      (reaches || surelyCovers(unknown, effect, edge)) && canProduce(edge, effect) && gateUnseen(scene, edge, { cause, effect }) === 'yes'
    );
  });
}
