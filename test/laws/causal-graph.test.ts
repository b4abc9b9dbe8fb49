// Is the causal graph over all rules well formed: free of circles, without dead ends, aggregates kept apart from their parts?
import { describe, expect, test } from 'vitest';
import { rules } from '../../rules/index.ts';
import type { AnyRule, Edge } from '../../src/model/rule.ts';

const byId = new Map<string, AnyRule>(rules.map((rule) => [rule.id, rule]));

interface NamedEdge {
  readonly from: AnyRule;
  readonly edge: Edge;
  readonly name: string;
}

const edges: readonly NamedEdge[] = rules.flatMap((from) =>
  from.explains.map((edge) => ({ from, edge, name: `${from.id} ${edge.kind} ${edge.to}` })),
);

function names(some: readonly NamedEdge[]): readonly string[] {
  return some.map(({ name }) => name);
}

/** The first way found from a rule back to itself. */
function circleFrom(start: string): readonly string[] | undefined {
  const ways: (readonly string[])[] = [[start]];
  const seen = new Set<string>();
  for (let way = ways.pop(); way !== undefined; way = ways.pop()) {
    for (const { edge } of edges.filter(
      ({ from, edge: { kind } }) => from.id === way?.at(-1) && (kind === 'causes' || kind === 'made-of'),
    )) {
      if (edge.to === start) return [...way, start];
      if (seen.has(edge.to)) continue;
      seen.add(edge.to);
      ways.push([...way, edge.to]);
    }
  }
  return undefined;
}

test('there are rules and edges to look at', () => {
  expect(rules.length).toBeGreaterThan(0);
  expect(edges.length).toBeGreaterThan(0);
  expect(byId.size).toBe(rules.length);
});

test('no rule brings about itself, over however many others', () => {
  expect(rules.flatMap((rule) => circleFrom(rule.id)?.join(' -> ') ?? [])).toEqual([]);
});

test('every edge leads to a rule that exists', () => {
  expect(names(edges.filter(({ edge }) => !byId.has(edge.to)))).toEqual([]);
});

test('every reason an edge produces is one the other rule can have', () => {
  const unheard = edges.flatMap(({ edge, name }) => {
    const reasons: readonly string[] = byId.get(edge.to)?.reasons ?? [];
    return (edge.produces ?? []).filter((reason) => !reasons.includes(reason)).map((reason) => `${name}: ${reason}`);
  });
  expect(unheard).toEqual([]);
});

test('an edge that produces nothing would never be live', () => {
  expect(names(edges.filter(({ edge }) => edge.produces?.length === 0))).toEqual([]);
});

describe('an aggregate', () => {
  /** What it is made of, and what that is made of. */
  const partsOf = (rule: AnyRule): readonly string[] => {
    const found = new Set<string>([rule.id]);
    for (const id of found)
      for (const { edge } of edges.filter(({ from, edge: { kind } }) => from.id === id && kind === 'made-of')) found.add(edge.to);
    return [...found].slice(1);
  };

  test('and its parts never bring each other about', () => {
    const between = edges.filter(({ from, edge }) => {
      if (edge.kind !== 'causes') return false;
      const other = byId.get(edge.to);
      return partsOf(from).includes(edge.to) || (other !== undefined && partsOf(other).includes(from.id));
    });
    expect(names(between)).toEqual([]);
  });

  test('counts all its parts in one way', () => {
    const mixed = rules.filter((rule) => {
      const ways = rule.explains
        .filter((edge) => edge.kind === 'made-of')
        .map((edge) => `${edge.covers ?? 'all'} by ${edge.match ?? 'subject'}`);
      return new Set(ways).size > 1;
    });
    expect(mixed.map((rule) => rule.id)).toEqual([]);
  });
});

test('supports are counted by a key', () => {
  expect(names(edges.filter(({ edge }) => (edge.covers === undefined) !== (edge.match === undefined)))).toEqual([]);
});

test('two edges between the same two rules differ in more than their reason for being', () => {
  const shape = ({ from, edge }: NamedEdge): string => {
    const { to, kind, on, produces, covers, match, unproven } = edge;
    return JSON.stringify([from.id, to, kind, on, produces, covers, match, unproven, edge.when?.toString()]);
  };
  const shapes = edges.map(shape);
  expect(names(edges.filter((_, index) => shapes.indexOf(shapes[index] ?? '') !== index))).toEqual([]);
});

test('every edge says why, in one sentence', () => {
  expect(names(edges.filter(({ edge }) => edge.because.trim() === '' || edge.because.includes('\n')))).toEqual([]);
});
