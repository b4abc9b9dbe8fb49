// How do rules hang together: which brings about which, and which question asks about each?
import type { AnyRule, Edge } from '../model/rule.ts';
import type { Question } from '../model/tree.ts';

/** Everything that is known about the rules and the tree, as explanations need it. */
export interface Catalogue {
  readonly rules: readonly AnyRule[];
  readonly tree: readonly Question[];
}

export interface Incoming {
  readonly from: AnyRule;
  readonly edge: Edge;
}

export function findRule(catalogue: Catalogue, id: string): AnyRule | undefined {
  return catalogue.rules.find((rule) => rule.id === id);
}

/** What may stand behind a rule's failure. */
export function incomingEdges(catalogue: Catalogue, id: string): readonly Incoming[] {
  return catalogue.rules.flatMap((from) =>
    (from.explains as readonly Edge[]).filter((edge) => edge.to === id).map((edge) => ({ from, edge })),
  );
}

/** The first question on the walk that this rule answers. */
export function questionOf(catalogue: Catalogue, id: string): Question | undefined {
  return catalogue.tree.find((question) => (question.rules as readonly string[]).includes(id));
}

/** A template as a reader sees it before any run: `{node}` as `<node>`. */
export function asPattern(template: string): string {
  return template.replace(/\{([A-Za-z][A-Za-z0-9]*)\}/g, '<$1>');
}

/** How an edge reads between the names of its two rules. */
export function edgeVerb(edge: Edge): string {
  const verbs = { causes: 'causes', 'made-of': 'is made of', worsens: 'makes worse', hints: 'points to' } as const;
  return verbs[edge.kind];
}
