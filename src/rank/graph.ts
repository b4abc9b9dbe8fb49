// Who stands above whom?
import type { RuleId } from '../model/rule-ids.ts';
import type { Fail } from '../model/verdict.ts';
import type { Links, Way } from './links.ts';

/** One step down from a parent; how it got there matters for confidence and wording. */
export interface Step {
  readonly to: Fail;
  readonly as: 'part' | 'effect';
  readonly unproven: boolean;
  /** The unknown rule that was crossed. */
  readonly bridge?: RuleId;
}

/** Failing verdicts, each aggregate above its parts and each cause above its effects. Without cycles. */
export class CauseGraph {
  readonly vertices: readonly Fail[];
  /** What the steps rest on; steps that were added over something unseen are ways of their own. */
  readonly ways: Way[] = [];
  readonly #down = new Map<Fail, Step[]>();
  readonly #up = new Map<Fail, Set<Fail>>();

  constructor(vertices: readonly Fail[], links: Links) {
    this.vertices = vertices;
    for (const link of links.parts) this.connect(link.cause, { to: link.effect, as: 'part', unproven: false });
    for (const way of links.ways) {
      for (const cause of way.causes) this.connect(cause, { to: way.effect, as: 'effect', unproven: way.edge?.unproven === true });
    }
    this.ways.push(...links.ways);
  }

  /**
   * A proven step replaces an unproven one. A step that would close a circle is left out: rules are held to be free of circles
   * by a test, and links come sorted, so that even then the input's order would not decide which one it is.
   */
  connect(from: Fail, step: Step): void {
    const steps = this.#down.get(from) ?? [];
    const before = steps.find((one) => one.to === step.to);
    if (before !== undefined && (step.unproven || !before.unproven)) return;
    if (this.reaches(step.to, from)) return;
    this.#down.set(from, [...steps.filter((one) => one !== before), step]);
    this.#up.set(step.to, (this.#up.get(step.to) ?? new Set()).add(from));
    if (step.bridge !== undefined) this.ways.push({ causes: [from], effect: step.to });
  }

  below(vertex: Fail): readonly Step[] {
    return this.#down.get(vertex) ?? [];
  }

  above(vertex: Fail): ReadonlySet<Fail> {
    return this.#up.get(vertex) ?? new Set();
  }

  /** Vertices that nothing stands above. */
  roots(): readonly Fail[] {
    return this.vertices.filter((vertex) => this.above(vertex).size === 0);
  }

  /** A vertex reaches itself. */
  reaches(from: Fail, target: Fail): boolean {
    return this.#follow([from], () => true).has(target);
  }

  /** What aggregates among these are made of, and what those parts are made of. */
  partsOf(vertices: readonly Fail[]): ReadonlySet<Fail> {
    const found = this.#follow(vertices, (step) => step.as === 'part');
    return new Set([...found].filter((vertex) => !vertices.includes(vertex)));
  }

  #follow(from: readonly Fail[], isAllowed: (step: Step) => boolean): ReadonlySet<Fail> {
    const found = new Set(from);
    for (const vertex of found) {
      for (const step of this.below(vertex)) if (isAllowed(step)) found.add(step.to);
    }
    return found;
  }
}
