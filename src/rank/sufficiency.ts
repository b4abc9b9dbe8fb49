// What do some causes bring about without the help of others?
import { verdictKey, type Fail } from '../model/verdict.ts';
import { subjectKey } from '../model/subject.ts';
import { coverageOf, hits, isEnough } from './coverage.ts';
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

/** `brought` includes the causes themselves. */
export interface Consequences {
  readonly brought: ReadonlySet<Fail>;
  /** Parts that an aggregate among the consequences only sums up; what they bring about is brought. */
  readonly summed: ReadonlySet<Fail>;
}

/**
 * Everything that follows from these causes alone. An effect of several causes that must act together follows only where
 * enough of them do, and an aggregate where enough of its parts do. An aggregate of a lower layer than its part brings it
 * about (a machine that is gone, its services); any other is nothing but the sum of its parts (a lost quorum, its voters),
 * and says nothing about why they are lost.
 */
export function consequencesOf(causes: readonly Fail[], ways: readonly Way[], aggregates: Aggregates, rules: RuleIndex): Consequences {
  const brought = new Set(causes);
  const summed = new Set<Fail>();
  const follows = (vertex: Fail): boolean => brought.has(vertex) || summed.has(vertex);
  for (let before = -1; before < brought.size + summed.size; ) {
    before = brought.size + summed.size;
    for (const way of ways) {
      if (!brought.has(way.effect) && holds(way, way.causes.filter(follows))) brought.add(way.effect);
    }
    for (const [aggregate, parts] of aggregates) {
      if (!brought.has(aggregate) && isEnoughFor(aggregate, parts, (part) => brought.has(part))) brought.add(aggregate);
      if (!follows(aggregate)) continue;
      for (const { effect } of parts) (rules.layerOf(aggregate.rule) < rules.layerOf(effect.rule) ? brought : summed).add(effect);
    }
  }
  return { brought, summed };
}

export function follows({ brought, summed }: Consequences, vertex: Fail): boolean {
  return brought.has(vertex) || summed.has(vertex);
}

function holds(way: Way, causes: readonly Fail[]): boolean {
  if (causes.length === 0) return false;
  if (way.edge?.covers === undefined) return true;
  return coverageOf(causes.map((cause) => cause.subject.keys), way.effect, way.edge) === 'yes';
}

/**
 * Whether the aggregate would fail with these parts alone. Counted in the things it rests on; where it does not tell them, in
 * the subjects of its parts, all of which are then needed unless one is enough.
 */
function isEnoughFor(aggregate: Fail, parts: readonly Link[], isLost: (part: Fail) => boolean): boolean {
  const covers = parts.find((link) => link.edge.covers !== undefined)?.edge.covers ?? 'all';
  const lost = parts.filter((link) => isLost(link.effect));
  const { supports = [] } = aggregate;
  if (supports.length > 0 && parts.every((link) => link.edge.match !== undefined)) {
    const hit = supports.filter((support) => lost.some((link) => hits(link.effect.subject.keys, { ...aggregate, supports: [support] }, link.edge)));
    return isEnough(covers, hit.length, supports.filter((support) => support.state !== 'good').length, supports.length);
  }
  const subjects = (links: readonly Link[]): number => new Set(links.map((link) => subjectKey(link.effect.subject))).size;
  return isEnough(covers === 'any' ? 'any' : 'all', subjects(lost), subjects(parts), subjects(parts));
}
