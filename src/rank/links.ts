// Which failing verdict brings about which other one?
import type { Certainty, Edge } from '../model/rule.ts';
import { sharesKey } from '../model/subject.ts';
import { byKey, type Fail } from '../model/verdict.ts';
import { coverageOf, coverTogether, hits, mayHit, strictest } from './coverage.ts';
import { beganAfter, canProduce, groupsOf, type Scene } from './scene.ts';

/** An edge between two vertices. */
export interface Link {
  readonly cause: Fail;
  readonly effect: Fail;
  readonly edge: Edge;
}

/** Causes that bring about an effect: one of them, or (where the edge has `covers`) all of one rule and group together. */
export interface Way {
  readonly causes: readonly Fail[];
  readonly effect: Fail;
  /** Absent where a way was added over something unseen. */
  readonly edge?: Edge;
  /** How each cause hits what the effect rests on, where causes of several rules reach far enough only together. */
  readonly joint?: readonly Link[];
}

export interface Links {
  /** They fold. */
  readonly ways: readonly Way[];
  /** The gate or the coverage could not be decided: the cause stays a possible one. */
  readonly possible: readonly Link[];
  /** Aggregate over its part. */
  readonly parts: readonly Link[];
  readonly worsens: readonly Link[];
}

/** Every edge between failing verdicts, sorted by what it does. */
export function linkUp(scene: Scene): Links {
  const ways: Way[] = [];
  const shares: Link[] = [];
  const possible: Link[] = [];
  const parts: Link[] = [];
  const worsens: Link[] = [];
  for (const { group, edge, effect } of meetings(scene)) {
    if (edge.kind === 'causes') {
      const found = causesAmong(group, effect, edge, scene);
      ways.push(...found.ways.map((causes) => ({ causes, effect, edge })));
      shares.push(...found.shares.map((cause) => ({ cause, effect, edge })));
      possible.push(...found.possible.map((cause) => ({ cause, effect, edge })));
    } else {
      const sure = group.filter((cause) => inScope(cause, effect, edge) && scene.gate(edge, { cause, effect }) === 'yes');
      const links = sure.map((cause) => ({ cause, effect, edge }));
      if (edge.kind === 'worsens') worsens.push(...links);
      if (edge.kind === 'made-of') parts.push(...links.filter(isPart));
    }
  }
  ways.push(...jointWays(shares, ways));
  const live = (link: Link): boolean => ways.some((way) => way.effect === link.effect && way.causes.includes(link.cause));
  return { ways: ways.sort(byEnds), possible: possible.filter((link) => !live(link)).sort(byLink), parts: parts.sort(byLink), worsens };
}

interface Meeting {
  /** Verdicts of one rule and group, which act together. */
  readonly group: readonly Fail[];
  readonly edge: Edge;
  readonly effect: Fail;
}

function meetings(scene: Scene): readonly Meeting[] {
  return groupsOf(scene.vertices).flatMap((group) =>
    scene.rules.edgesFrom(group[0]?.rule ?? '').flatMap((edge) => {
      const effects = scene.vertices.filter((vertex) => vertex.rule === edge.to && canProduce(edge, vertex));
      return effects.map((effect) => ({ group, edge, effect }));
    }),
  );
}

function inScope(cause: Pick<Fail, 'subject'>, effect: Pick<Fail, 'subject'>, edge: Edge): boolean {
  return edge.on === 'cluster' || sharesKey(cause.subject.keys, effect.subject.keys, edge.on);
}

/** What the aggregate does not rest on is no part of it: a learner that is down has no part in a lost quorum. */
function isPart({ cause: aggregate, effect: part, edge }: Link): boolean {
  if (edge.match === undefined || aggregate.supports === undefined) return true;
  return hits(part.subject.keys, aggregate, edge);
}

interface Found {
  readonly ways: readonly (readonly Fail[])[];
  readonly possible: readonly Fail[];
  /** Causes that surely hit a part of what the effect rests on, and not enough of it. */
  readonly shares: readonly Fail[];
}

function causesAmong(group: readonly Fail[], effect: Fail, edge: Edge, scene: Scene): Found {
  const near = group.filter((cause) => inScope(cause, effect, edge) && !beganAfter(cause, effect));
  const certainties = new Map<Fail, Certainty>(near.map((cause) => [cause, scene.gate(edge, { cause, effect })]));
  const sure = near.filter((cause) => certainties.get(cause) === 'yes');
  const maybe = near.filter((cause) => certainties.get(cause) !== 'no');
  if (edge.covers === undefined) {
    return { ways: sure.map((cause) => [cause]), possible: maybe.filter((cause) => !sure.includes(cause)), shares: [] };
  }
  const covered = (causes: readonly Fail[]): Certainty =>
    coverageOf(
      causes.map((cause) => cause.subject.keys),
      effect,
      edge,
    );
  const shares = sure.filter((cause) => hits(cause.subject.keys, effect, edge));
  if (covered(sure) === 'yes') return { ways: [shares], possible: [], shares: [] };
  if (covered(maybe) === 'no') return { ways: [], possible: [], shares };
  return { ways: [], possible: maybe.filter((cause) => mayHit(cause.subject.keys, effect, edge)), shares };
}

/** Two masters lost for two reasons: neither rule alone explains what the load balancer lacks, both together do. */
function jointWays(shares: readonly Link[], ways: readonly Way[]): readonly Way[] {
  const effects = [...new Set(shares.map((link) => link.effect))].filter((effect) => !ways.some((way) => way.effect === effect));
  return effects.flatMap((effect) => {
    for (const unproven of [false, true]) {
      const joint = shares.filter((link) => link.effect === effect && (unproven || link.edge.unproven !== true)).sort(byLink);
      const edge = strictest(joint);
      if (edge !== undefined && coverTogether(joint, effect)) {
        return [{ causes: [...new Set(joint.map((link) => link.cause))], effect, edge: unproven ? { ...edge, unproven } : edge, joint }];
      }
    }
    return [];
  });
}

function byLink(one: Link, other: Link): number {
  return byKey(one.cause, other.cause) || byKey(one.effect, other.effect);
}

/** Proven ones first, so that they are taken where two edges join the same two verdicts. */
function byEnds(one: Way, other: Way): number {
  const [first, second] = [one.causes[0], other.causes[0]];
  if (first === undefined || second === undefined) return one.causes.length - other.causes.length;
  return (
    byKey(first, second) || byKey(one.effect, other.effect) || Number(one.edge?.unproven ?? false) - Number(other.edge?.unproven ?? false)
  );
}
