// What that nobody could look at may stand behind a finding?
import type { PossibleCause } from '../model/report.ts';
import type { Edge } from '../model/rule.ts';
import { subjectKey } from '../model/subject.ts';
import { byKey, type Fail, type Unknown } from '../model/verdict.ts';
import { coverageOf, mayHit, mayShare } from './coverage.ts';
import type { Links } from './links.ts';
import { canProduce, type Scene } from './scene.ts';
import { assumeFailing, gateUnseen } from './unseen.ts';

/**
 * Failing rules whose gate could not be decided come first. Then unknown rules with an edge to a target (a finding's own
 * verdicts and, for an aggregate, what its parts come from) that nothing refutes, then what may lie behind those, step by step; within
 * each step the lowest layer first and then the shortest `howToGet`.
 */
export function possibleCausesOf(targets: readonly Fail[], links: Links, scene: Scene): readonly PossibleCause[] {
  const undecided = links.possible
    .filter((link) => targets.includes(link.effect) && !targets.includes(link.cause))
    .map((link) => link.cause);
  const failing = [...new Set(undecided)].map((cause) => ({ rule: cause.rule, subject: subjectKey(cause.subject), howToGet: '' }));
  const found = new Set<Unknown>();
  for (let frontier: readonly (Fail | Unknown)[] = targets; frontier.length > 0; ) {
    const behind = scene.unknowns.filter(
      (unknown) => !found.has(unknown) && frontier.some((target) => mayStandBehind(unknown, target, scene)),
    );
    for (const unknown of sortByCost(behind, scene)) found.add(unknown);
    frontier = behind;
  }
  return [
    ...failing,
    ...[...found].map((unknown) => ({ rule: unknown.rule, subject: subjectKey(unknown.subject), howToGet: howToGet(unknown) })),
  ];
}

function mayStandBehind(unknown: Unknown, target: Fail | Unknown, scene: Scene): boolean {
  const edges = unknown === target ? [] : scene.rules.edgesBetween(unknown.rule, target.rule, ['causes', 'made-of']);
  return edges.some((edge) => mayExplain(edge, unknown, target, scene));
}

/** Whether an edge could hold: keys and supports that are not known refute nothing, a gate that says no does. */
function mayExplain(edge: Edge, unknown: Unknown, target: Fail | Unknown, scene: Scene): boolean {
  if (edge.on !== 'cluster' && !mayShare(unknown.subject.keys, target.subject.keys, edge.on)) return false;
  if (target.status === 'fail' && !(canProduce(edge, target) && mayCover(edge, unknown, target, scene))) return false;
  const effect = target.status === 'fail' ? target : assumeFailing(target);
  return gateUnseen(scene, edge, { cause: assumeFailing(unknown), effect }) !== 'no';
}

/** It has a part in it, and with everything of its rule that did not pass it could be enough. */
function mayCover(edge: Edge, unknown: Unknown, target: Fail, scene: Scene): boolean {
  if (edge.covers === undefined || edge.kind === 'made-of') return true;
  const siblings = [...scene.vertices, ...scene.unknowns].filter((one) => one.rule === unknown.rule);
  const covered = coverageOf(
    siblings.map((one) => one.subject.keys),
    target,
    edge,
  );
  return covered !== 'no' && mayHit(unknown.subject.keys, target, edge);
}

function sortByCost(unknowns: readonly Unknown[], scene: Scene): readonly Unknown[] {
  const layer = (one: Unknown): number => scene.rules.layerOf(one.rule);
  const cost = (one: Unknown): number => howToGet(one).length;
  return [...unknowns].sort((one, other) => layer(one) - layer(other) || cost(one) - cost(other) || byKey(one, other));
}

function howToGet(unknown: Unknown): string {
  return unknown.gaps[0]?.howToGet ?? '';
}
