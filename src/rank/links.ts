// Which failing verdict brings about which other one?
import type { AnyRule, Certainty, Edge } from '../model/rule.ts';
import { sharesKey } from '../model/subject.ts';
import { type Fail, type Support, verdictKey } from '../model/verdict.ts';
import type { RankInput } from './input.ts';

/** A live edge between two vertices. */
export interface LiveLink {
  readonly cause: Fail;
  readonly effect: Fail;
  readonly edge: Edge;
}

export interface Links {
  /** They fold. */
  readonly live: readonly LiveLink[];
  /** The gate could not be decided: the cause stays a possible one. */
  readonly possible: readonly LiveLink[];
  /** Aggregate over its part. */
  readonly parts: readonly LiveLink[];
  readonly worsens: readonly LiveLink[];
}

/** Every edge between failing verdicts, sorted by what it does. */
export function linkUp(vertices: readonly Fail[], input: RankInput): Links {
  const rules = new Map<string, AnyRule>(input.rules.map((rule) => [rule.id, rule]));
  const result = { live: [] as LiveLink[], possible: [] as LiveLink[], parts: [] as LiveLink[], worsens: [] as LiveLink[] };
  for (const [rule, group] of groupsOf(vertices)) {
    for (const edge of rules.get(rule)?.explains ?? []) {
      for (const effect of vertices.filter((vertex) => vertex.rule === edge.to)) {
        for (const { cause, certainty } of causesAmong(group, effect, edge, input)) place(result, { cause, effect, edge }, certainty);
      }
    }
  }
  return result;
}

function place(result: { readonly [Kind in keyof Links]: LiveLink[] }, link: LiveLink, certainty: Certainty): void {
  if (certainty === 'no') return;
  if (link.edge.kind === 'worsens') {
    if (certainty === 'yes') result.worsens.push(link);
  } else if (link.edge.kind === 'made-of') {
    if (certainty === 'yes') result.parts.push(link);
  } else if (link.edge.kind === 'causes') {
    result[certainty === 'yes' ? 'live' : 'possible'].push(link);
  }
}

/** Verdicts of one rule and group, which act together. */
function groupsOf(vertices: readonly Fail[]): readonly (readonly [string, readonly Fail[]])[] {
  const groups = new Map<string, Fail[]>();
  for (const vertex of vertices) {
    const key = groupKey(vertex);
    groups.set(key, [...(groups.get(key) ?? []), vertex]);
  }
  return [...groups.values()].map((group) => [group[0]?.rule ?? '', group] as const);
}

/** Equal for verdicts that become one finding. */
export function groupKey(verdict: Fail): string {
  return `${verdict.rule} ${verdict.group ?? ''}`;
}

interface Candidate {
  readonly cause: Fail;
  readonly certainty: Certainty;
}

function causesAmong(group: readonly Fail[], effect: Fail, edge: Edge, input: RankInput): readonly Candidate[] {
  if (!producible(edge, effect)) return [];
  const near = group.filter((cause) => cause !== effect && inScope(cause, effect, edge) && !beganAfter(cause, effect));
  const candidates = near.map((cause) => ({ cause, certainty: input.gate(edge, { cause, effect }) }));
  if (edge.covers === undefined || edge.kind === 'made-of') return candidates;
  const sure = candidates.filter((one) => one.certainty === 'yes');
  const maybe = candidates.filter((one) => one.certainty !== 'no');
  const hitting = maybe.filter((one) => hits([one.cause], effect.supports ?? [], edge).length > 0);
  if (effect.supports === undefined) return maybe.map(({ cause }) => ({ cause, certainty: 'unknown' }));
  if (isCovered(sure.map((one) => one.cause), effect.supports, edge)) return hitting.filter((one) => one.certainty === 'yes');
  if (isCovered(maybe.map((one) => one.cause), effect.supports, edge)) return hitting.map(({ cause }) => ({ cause, certainty: 'unknown' }));
  return [];
}

function producible(edge: Edge, effect: Fail): boolean {
  return edge.produces === undefined || effect.reason === undefined || edge.produces.includes(effect.reason);
}

function inScope(cause: Fail, effect: Fail, edge: Edge): boolean {
  return edge.on === 'cluster' || sharesKey(cause.subject.keys, effect.subject.keys, edge.on);
}

function beganAfter(cause: Fail, effect: Fail): boolean {
  return cause.since !== undefined && effect.since !== undefined && cause.since.earliest > effect.since.latest;
}

/** Supports that are lost and touched by one of the causes; unknown ones are never hit. */
function hits(causes: readonly Fail[], supports: readonly Support[], edge: Edge): readonly Support[] {
  const key = edge.match;
  if (key === undefined) return [];
  return supports.filter((support) => support.state === 'lost' && causes.some((cause) => sharesKey(cause.subject.keys, support.keys, key)));
}

function isCovered(causes: readonly Fail[], supports: readonly Support[], edge: Edge): boolean {
  const hit = hits(causes, supports, edge).length;
  return isEnough(edge.covers ?? 'all', hit, supports.filter((support) => support.state !== 'good').length, supports.length);
}

/** `quorum`: as many as it takes to keep the rest from a majority. */
export function isEnough(covers: NonNullable<Edge['covers']>, hit: number, bad: number, total: number): boolean {
  if (hit === 0) return false;
  if (covers === 'any') return true;
  if (covers === 'all') return hit >= bad;
  return hit >= total - (Math.floor(total / 2) + 1) + 1;
}

/** A total order for deterministic output. */
export function byKey(one: Fail, other: Fail): number {
  return verdictKey(one) < verdictKey(other) ? -1 : 1;
}
