// Rules without circles and verdicts of all kinds, made up at random.
import fc from 'fast-check';
import type { AnyRule, Edge } from '../../src/model/rule.ts';
import type { Keys, Subject } from '../../src/model/subject.ts';
import type { Fail, Support, Verdict } from '../../src/model/verdict.ts';
import { cluster, fail, pass, rule, unknown } from '../kit/verdicts.ts';

export interface Case {
  readonly rules: readonly AnyRule[];
  readonly verdicts: readonly Verdict[];
}

const nodes = ['m1', 'm2', 'm3'] as const;
const ruleCount = 7;

/** Drawn once in about so many times. */
function seldom<T>(times: number, value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.oneof({ weight: times - 1, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value });
}

/** What is drawn for one edge; `skip` rules on makes the graph free of circles. */
const edgeShape = fc.record({
  from: fc.nat(ruleCount - 2),
  skip: fc.integer({ min: 1, max: 3 }),
  kind: fc.constantFrom<Edge['kind']>('causes', 'causes', 'causes', 'causes', 'causes', 'made-of', 'made-of', 'worsens', 'hints'),
  on: fc.constantFrom('node', 'node', 'apiserver', 'cluster'),
  produces: seldom(5, fc.constantFrom(['x'], ['x', 'y'])),
  covers: seldom(4, fc.constantFrom<NonNullable<Edge['covers']>>('any', 'quorum', 'all')),
  when: seldom(5, fc.constantFrom('yes', 'no', 'unknown', 'asks')),
  unproven: seldom(6, fc.constant(true)),
});

function toEdge({ from, skip, kind, on, produces, covers, when, unproven }: EdgeShape) {
  const gate = when === 'asks' ? ({ cause }: { cause: Fail }) => (cause.group === undefined ? 'yes' : 'no') : () => when;
  return {
    to: `r${from + skip}`,
    kind,
    on,
    ...(produces !== undefined && { produces }),
    ...(covers !== undefined && { on: 'cluster', covers, match: 'node' }),
    ...(when !== undefined && { when: gate }),
    ...(unproven && { unproven: true }),
  } as Parameters<typeof rule>[2];
}

type EdgeShape = typeof edgeShape extends fc.Arbitrary<infer T> ? T : never;

/** What a rule is made of, and what that is made of. */
function partsOf(index: number, shapes: readonly EdgeShape[]): ReadonlySet<number> {
  const found = new Set([index]);
  for (const one of found) for (const { from, kind, skip } of shapes) if (from === one && kind === 'made-of') found.add(from + skip);
  found.delete(index);
  return found;
}

/** An aggregate brings about no part of its own. `narrow` leaves out edges that reach the whole cluster. */
function rulesOf(narrow: boolean): fc.Arbitrary<readonly AnyRule[]> {
  const layers = fc.array(fc.nat(7), { minLength: ruleCount, maxLength: ruleCount });
  return fc.tuple(layers, fc.array(edgeShape, { minLength: 14, maxLength: 30 })).map(([drawn, shapes]) =>
    drawn.map((layer, index) => {
      const own = shapes.filter((shape) => shape.from === index && (!narrow || (shape.on !== 'cluster' && shape.covers === undefined)));
      const parts = partsOf(index, shapes);
      return rule(`r${index}`, layer, ...own.filter((shape) => shape.kind !== 'causes' || !parts.has(index + shape.skip)).map(toEdge));
    }),
  );
}

const supports: fc.Arbitrary<readonly Support[]> = fc
  .tuple(...nodes.map(() => fc.constantFrom<Support['state']>('lost', 'lost', 'good', 'unknown')))
  .map((states) => states.map((state, index) => ({ name: nodes[index] ?? '', keys: { node: nodes[index] ?? '' }, state })));

const failure = fc.record({
  severity: fc.constantFrom<Fail['severity']>('critical', 'warning', 'warning', 'warning', 'warning', 'info'),
  impact: fc.constantFrom<Fail['impact']>('outage', 'degraded', 'at-risk'),
  witness: fc.constantFrom<Fail['witness']>('stated', 'agreed', 'measured'),
  reason: seldom(2, fc.constantFrom('x', 'y')),
  since: seldom(4, fc.constantFrom({ earliest: 1, latest: 5 }, { earliest: 3, latest: 4 }, { earliest: 8, latest: 9 })),
  group: seldom(5, fc.constantFrom('server', 'peer')),
  supports: seldom(2, supports),
});

function verdictOf(prefix: string): fc.Arbitrary<Verdict> {
  const place = fc.constantFrom('m1', 'm1', 'm1', ...nodes, ...(prefix === '' ? ['cluster' as const] : []));
  return fc
    .tuple(fc.nat(ruleCount - 1), place, fc.constantFrom('fail', 'fail', 'fail', 'fail', 'unknown', 'unknown', 'pass'), failure)
    .map(([index, where, status, change]) => {
      const on = where === 'cluster' ? cluster : subjectOn(`${prefix}${where}`);
      if (status === 'pass') return pass(`r${index}`, on);
      if (status === 'unknown') return unknown(`r${index}`, on);
      const known = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
      const groups = prefix === '' ? {} : { group: `${prefix}${change.group ?? ''}` };
      return fail(`r${index}`, on, { ...known, ...groups });
    });
}

function subjectOn(node: string): Subject {
  const keys: Keys = { node, apiserver: `${node}:6443` };
  return { kind: 'node', id: node, name: node, keys };
}

/** One verdict for a rule on a subject, as a run gives it. */
function verdictsOf(prefix: string, least: number, most: number): fc.Arbitrary<readonly Verdict[]> {
  return fc.uniqueArray(verdictOf(prefix), {
    minLength: least,
    maxLength: most,
    selector: ({ rule: id, subject }) => `${id} ${subject.id}`,
  });
}

export const anyCase: fc.Arbitrary<Case> = fc.record({ rules: rulesOf(false), verdicts: verdictsOf('', 6, 24) }).map(readable);

/** Prints a counterexample in a few lines. */
function readable(given: Case): Case {
  const edges = given.rules.flatMap(({ id, layer, explains }) => {
    const own = explains.map(
      ({ because: _because, when, ...edge }) =>
        `${id} (layer ${layer}) ${JSON.stringify(edge)}${when === undefined ? '' : ` when ${when}`}`,
    );
    return own.length === 0 ? [`${id} (layer ${layer})`] : [...new Set(own)];
  });
  const verdicts = given.verdicts.map(
    (verdict) =>
      `${verdict.rule} ${verdict.subject.id} ${verdict.status} ${JSON.stringify({ ...verdict, rule: undefined, subject: undefined, status: undefined, cites: undefined })}`,
  );
  return Object.defineProperty({ ...given }, fc.toStringMethod, { value: () => `\n${[...edges, ...verdicts].join('\n')}\n` });
}

/** Two sets of verdicts over the same rules that share no key and no group, and no edge that could reach over. */
export const twoComponents: fc.Arbitrary<{
  readonly rules: readonly AnyRule[];
  readonly one: readonly Verdict[];
  readonly other: readonly Verdict[];
}> = fc.record({
  rules: rulesOf(true),
  one: verdictsOf('a-', 4, 14),
  other: verdictsOf('b-', 4, 14),
});

/** The same case in another order: rules, the edges of each rule, verdicts. */
export function shuffled(given: Case): fc.Arbitrary<Case> {
  const whole = <T>(list: readonly T[]) => fc.shuffledSubarray([...list], { minLength: list.length, maxLength: list.length });
  const rules = fc.tuple(...given.rules.map((one) => whole<Edge>(one.explains).map((explains): AnyRule => ({ ...one, explains }))));
  return fc.record({ rules: rules.chain(whole), verdicts: whole(given.verdicts) });
}
