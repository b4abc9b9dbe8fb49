// What follows from a rule that nobody could look at, if it failed?
import { kept } from '../model/kept.ts';
import type { Certainty, Edge, Link } from '../model/rule.ts';
import { sharesKey } from '../model/subject.ts';
import type { Fail, Unknown } from '../model/verdict.ts';
import { coverageOf } from './coverage.ts';
import type { Scene } from './scene.ts';

/** A gate asked what the unseen rule found. */
class Unseen extends Error {}

const findings = ['reason', 'facts', 'since', 'moments', 'group', 'supports', 'severity', 'impact', 'witness'] as const;

/** The verdict as if it failed. Whoever asks how gets no answer, so that a gate cannot mistake silence for a fact. */
export const assumeFailing = kept(({ rule, subject, cites }: Unknown): Fail => {
  const ask = (): never => {
    throw new Unseen(`${rule} was not seen on ${subject.name}`);
  };
  const assumed = { rule, subject, cites, status: 'fail' };
  return Object.defineProperties(assumed, Object.fromEntries(findings.map((name) => [name, { get: ask, enumerable: true }]))) as Fail;
});

/** The gate between verdicts of which one or both are assumed; undecided where it depends on how they failed. */
export function gateUnseen(scene: Scene, edge: Edge, link: Link): Certainty {
  try {
    return scene.gate(edge, link);
  } catch (error) {
    if (error instanceof Unseen) return 'unknown';
    throw error;
  }
}

/**
 * Whether one thing surely reaches another along an edge without having to hit its supports: they share a known key, or
 * the one is a state of the whole cluster. What is narrow never reaches everything over something unseen.
 */
export function surelyReaches(from: Fail | Unknown, to: Fail | Unknown, edge: Edge): boolean {
  if (edge.covers !== undefined || edge.unproven === true) return false;
  return edge.on === 'cluster' ? from.subject.kind === 'cluster' : sharesKey(from.subject.keys, to.subject.keys, edge.on);
}

/** Whether the unseen thing alone hits enough of what a wide effect rests on. */
export function surelyCovers(unknown: Unknown, effect: Fail, edge: Edge): boolean {
  return edge.covers !== undefined && edge.unproven !== true && coverageOf([unknown.subject.keys], effect, edge) === 'yes';
}

/**
 * A state of the whole cluster would have shown in more than one place. Where something passes that it brings about without
 * any further condition, it explains nothing that happens to be lost at the same time.
 */
export function isRefuted(unknown: Unknown, scene: Scene): boolean {
  const plain = (edge: Edge): boolean =>
    edge.kind === 'causes' && edge.on === 'cluster' && edge.covers === undefined && edge.when === undefined;
  const targets = new Set<string>(
    scene.rules
      .edgesFrom(unknown.rule)
      .filter(plain)
      .map((edge) => edge.to),
  );
  return targets.size > 0 && scene.passes.some((pass) => targets.has(pass.rule));
}
