// Who stands above whom, once aggregates have taken in their parts and real causes were promoted over them?
import type { Edge } from '../model/rule.ts';
import { type Fail, verdictKey } from '../model/verdict.ts';
import { groupKey, isEnough, type LiveLink, type Links } from './links.ts';

/** One step down from a parent; how it got there matters for confidence and wording. */
export interface Step {
  readonly to: Fail;
  readonly as: 'part' | 'effect';
  readonly unproven: boolean;
  /** The unknown rule that was crossed. */
  readonly bridge?: string;
}

export class CauseGraph {
  readonly vertices: readonly Fail[];
  readonly #down = new Map<Fail, Step[]>();
  readonly #up = new Map<Fail, Set<Fail>>();
  /** Aggregate -> groups that explain it only together. */
  readonly joint = new Map<Fail, readonly string[]>();

  constructor(vertices: readonly Fail[], links: Links) {
    this.vertices = vertices;
    for (const link of inOrder(links.parts)) this.connect(link.cause, { to: link.effect, as: 'part', unproven: false });
    for (const link of inOrder(links.live)) {
      this.connect(link.cause, { to: link.effect, as: 'effect', unproven: link.edge.unproven === true });
    }
    for (const aggregate of aggregatesOf(links.parts)) this.#promote(aggregate, links.parts);
  }

  connect(from: Fail, step: Step): void {
    const steps = this.#down.get(from) ?? [];
    if (steps.some((one) => one.to === step.to) || this.#reaches(step.to, from)) return;
    this.#down.set(from, [...steps, step]);
    this.#up.set(step.to, (this.#up.get(step.to) ?? new Set()).add(from));
  }

  below(vertex: Fail): readonly Step[] {
    return this.#down.get(vertex) ?? [];
  }

  above(vertex: Fail): ReadonlySet<Fail> {
    return this.#up.get(vertex) ?? new Set();
  }

  /** Vertices without a live parent. */
  roots(): readonly Fail[] {
    return this.vertices.filter((vertex) => this.above(vertex).size === 0);
  }

  #reaches(from: Fail, target: Fail): boolean {
    const seen = new Set<Fail>();
    const queue = [from];
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      if (next === target) return true;
      if (seen.has(next)) continue;
      seen.add(next);
      for (const step of this.below(next)) queue.push(step.to);
    }
    return false;
  }

  /**
   * Lifts what lies above an aggregate's parts over the aggregate itself: one group that alone makes it fail becomes its
   * parent; several that only together do so become joint parents; too little leaves the aggregate a root.
   */
  #promote(aggregate: Fail, parts: readonly LiveLink[]): void {
    const own = parts.filter((link) => link.cause === aggregate);
    const tops = this.#topsAbove(own.map((link) => link.effect), aggregate);
    if (tops.size === 0) return;
    const groups = new Map<string, Fail[]>();
    for (const top of tops) groups.set(groupKey(top), [...(groups.get(groupKey(top)) ?? []), top]);
    const alone = [...groups.values()].filter((group) => this.#suffices(group, aggregate, own));
    if (alone.length > 0) {
      for (const cause of alone.flat()) this.connect(cause, { to: aggregate, as: 'effect', unproven: false });
    } else if (this.#suffices([...tops], aggregate, own)) {
      for (const cause of tops) this.connect(cause, { to: aggregate, as: 'effect', unproven: false });
      this.joint.set(aggregate, [...groups.keys()]);
    }
  }

  /** Topmost ancestors of the parts, found without passing through the aggregate or standing among its parts. */
  #topsAbove(parts: readonly Fail[], aggregate: Fail): ReadonlySet<Fail> {
    const tops = new Set<Fail>();
    const seen = new Set<Fail>([aggregate]);
    const queue = [...parts];
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      if (seen.has(next)) continue;
      seen.add(next);
      const above = [...this.above(next)].filter((one) => one !== aggregate);
      if (above.length === 0 && !parts.includes(next) && !this.#reaches(aggregate, next)) tops.add(next);
      queue.push(...above);
    }
    return tops;
  }

  #suffices(causes: readonly Fail[], aggregate: Fail, own: readonly LiveLink[]): boolean {
    const hit = own.filter((link) => causes.some((cause) => this.#reaches(cause, link.effect)));
    const covers: Edge['covers'] = own[0]?.edge.covers;
    const bad = new Set(own.map((link) => verdictKey(link.effect))).size;
    return isEnough(covers ?? 'all', hit.length, bad, aggregate.supports?.length ?? bad);
  }
}

/** Independent of the order in which rules and verdicts came. */
function inOrder(links: readonly LiveLink[]): readonly LiveLink[] {
  const key = (link: LiveLink): string => `${verdictKey(link.cause)} ${verdictKey(link.effect)}`;
  return [...links].sort((one, other) => (key(one) < key(other) ? -1 : 1));
}

/** Lowest first, so that what is promoted over one can be promoted over the next. */
function aggregatesOf(parts: readonly LiveLink[]): readonly Fail[] {
  const aggregates = [...new Set(parts.map((link) => link.cause))];
  const depth = (one: Fail): number => parts.filter((link) => link.cause === one).length;
  return aggregates.sort((one, other) => depth(one) - depth(other) || (verdictKey(one) < verdictKey(other) ? -1 : 1));
}
