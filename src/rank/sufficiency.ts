// What do some causes bring about without the help of others?
import { verdictKey, type Fail } from '../model/verdict.ts';
import { subjectKey } from '../model/subject.ts';
import { coverageOf, coverTogether, hits, isEnough } from './coverage.ts';
import type { Link, Way } from './links.ts';
import type { RuleIndex } from './rule-index.ts';

/** Aggregates with their parts, lowest layer last: what lies higher is folded first. */
export type Aggregates = ReadonlyMap<Fail, readonly Link[]>;

export function aggregatesOf(parts: readonly Link[], rules: RuleIndex): Aggregates {
  const aggregates = new Map<Fail, Link[]>();
  for (const link of parts) {
    const own = aggregates.get(link.cause) ?? [];
    aggregates.set(link.cause, own);
    own.push(link);
  }
  const layer = (aggregate: Fail): number => rules.layerOf(aggregate.rule);
  return new Map([...aggregates].sort(([one], [other]) => layer(other) - layer(one) || (verdictKey(one) < verdictKey(other) ? -1 : 1)));
}

/** What follows from some causes, themselves included, and by what right it does. */
export interface Consequences {
  readonly has: (vertex: Fail) => boolean;
  readonly isBroughtAbout: (vertex: Fail) => boolean;
  /** Whether the part counts as explained when it is asked why this aggregate fails. */
  readonly isExplainedTo: (aggregate: Fail, part: Fail) => boolean;
}

/**
 * Everything that follows from these causes alone. An effect of several causes that must act together follows only where
 * enough of them do, and an aggregate where enough of its parts do.
 *
 * Two aggregates may share a part, such as a member that is down on a machine that is gone, while the quorum is lost. An aggregate
 * explains the part to the other one only where it lies in a lower layer than both: a machine that is gone explains its
 * services, and so a lost quorum; a lost quorum is but the sum of its voters and says nothing about why they are lost.
 */
export function consequencesOf(causes: readonly Fail[], ways: readonly Way[], aggregates: Aggregates, rules: RuleIndex): Consequences {
  /** The layer of the lowest aggregate that explains it; -1 for what was brought about by a cause. */
  const following = new Map<Fail, number>(causes.map((cause) => [cause, broughtAbout]));
  const isExplainedTo = (aggregate: Fail, part: Fail): boolean => (following.get(part) ?? nothing) < rules.layerOf(aggregate.rule);
  for (let isGrowing = true; isGrowing; ) {
    isGrowing = false;
    const add = (vertex: Fail, level: number): void => {
      if (level >= (following.get(vertex) ?? nothing + 1)) return;
      following.set(vertex, level);
      isGrowing = true;
    };
    for (const way of ways) {
      if (
        holds(
          way,
          way.causes.filter((cause) => following.has(cause)),
        )
      )
        add(way.effect, broughtAbout);
    }
    for (const [aggregate, parts] of aggregates) {
      if (isEnoughFor(aggregate, parts, (part) => isExplainedTo(aggregate, part))) add(aggregate, broughtAbout);
      if (!following.has(aggregate)) continue;
      const layer = rules.layerOf(aggregate.rule);
      for (const { effect } of parts) add(effect, layer < rules.layerOf(effect.rule) ? layer : nothing);
    }
  }
  return { has: (vertex) => following.has(vertex), isBroughtAbout: (vertex) => following.get(vertex) === broughtAbout, isExplainedTo };
}

const broughtAbout = -1;
/** Above every layer: a part that its aggregate only sums up. */
const nothing = 99;

function holds(way: Way, causes: readonly Fail[]): boolean {
  if (causes.length === 0) return false;
  if (way.joint !== undefined) {
    return coverTogether(
      way.joint.filter((link) => causes.includes(link.cause)),
      way.effect,
    );
  }
  if (way.edge?.covers === undefined) return true;
  return (
    coverageOf(
      causes.map((cause) => cause.subject.keys),
      way.effect,
      way.edge,
    ) === 'yes'
  );
}

/**
 * Whether the aggregate would fail with these parts alone. Counted in the things it rests on; where it does not tell them, in
 * the subjects of its parts, all of which are then needed unless one is enough. Edges that disagree: the strictest holds.
 */
function isEnoughFor(aggregate: Fail, parts: readonly Link[], isLost: (part: Fail) => boolean): boolean {
  const asked = new Set(parts.map((link) => link.edge.covers ?? 'all'));
  const covers = (['every', 'all', 'quorum', 'any'] as const).find((one) => asked.has(one)) ?? 'all';
  const lost = parts.filter((link) => isLost(link.effect));
  const { supports = [] } = aggregate;
  if (supports.length > 0 && parts.every((link) => link.edge.match !== undefined)) {
    const hit = supports.filter((support) =>
      lost.some((link) => hits(link.effect.subject.keys, { ...aggregate, supports: [support] }, link.edge)),
    );
    return isEnough(covers, hit.length, supports.filter((support) => support.state !== 'good').length, supports.length);
  }
  const subjects = (links: readonly Link[]): number => new Set(links.map((link) => subjectKey(link.effect.subject))).size;
  return isEnough(covers === 'any' ? 'any' : 'all', subjects(lost), subjects(parts), subjects(parts));
}
