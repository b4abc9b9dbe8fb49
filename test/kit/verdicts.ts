// Tiny rules and verdicts, so that a test of the ranking shows nothing but what it is about.
import type { AnyRule, Certainty, Edge, Link } from '../../src/model/rule.ts';
import type { RuleId } from '../../src/model/rule-ids.ts';
import type { Keys, Subject, SubjectKind } from '../../src/model/subject.ts';
import type { Citation } from '../../src/model/evidence.ts';
import type { Fail, Pass, Support, Unknown, Verdict } from '../../src/model/verdict.ts';
import type { RankedFinding, Ranking } from '../../src/rank/input.ts';
import { rank } from '../../src/rank/rank.ts';

type LooseEdge = Omit<Edge, 'to' | 'because' | 'kind' | 'on' | 'when'> & {
  readonly to: string;
  readonly kind?: Edge['kind'];
  readonly on?: Edge['on'];
  readonly when?: (link: Link) => Certainty;
};

/** `causes` on `node` unless the edge says otherwise. */
export function rule(id: string, layer: number, ...edges: readonly LooseEdge[]): AnyRule {
  const explains = edges.map((edge): Edge => ({ kind: 'causes', on: 'node', because: '', ...edge, to: edge.to as RuleId }));
  return {
    id: id as RuleId,
    area: 'etcd',
    since: '0.1.0',
    severity: 'warning',
    impact: 'degraded',
    layer: layer as AnyRule['layer'],
    title: id,
    healthy: '',
    why: '',
    shows: [],
    folded: '',
    needs: [],
    limits: {},
    reasons: [],
    subjects: () => [],
    judge: () => ({ status: 'pass', facts: {} }),
    explains,
    fixes: () => [],
    avoid: () => [],
    reading: [],
  };
}

export const cluster: Subject = { kind: 'cluster', id: 'cluster', name: 'cluster', keys: {} };

/** `m2` is a node and everything on it; `cluster` and `lb` are what they say. */
export function subject(name: string, kind: SubjectKind = 'node', keys: Keys = { node: name }): Subject {
  if (name === 'cluster') return cluster;
  if (name === 'lb') return { kind: 'lb', id: 'lb', name, keys: { lb: 'lb' } };
  return { kind, id: name, name, keys };
}

function about(where: string | Subject): Subject {
  return typeof where === 'string' ? subject(where) : where;
}

/** A warning that degrades, measured, seen through evidence of its own. */
export function fail(id: string, where: string | Subject, change: Partial<Fail> = {}): Fail {
  const on = about(where);
  const cites = [`etcd.status ${id}/${on.id}` as Citation];
  return {
    rule: id as RuleId,
    subject: on,
    cites,
    status: 'fail',
    severity: 'warning',
    impact: 'degraded',
    facts: {},
    witness: 'measured',
    ...change,
  };
}

export function pass(id: string, where: string | Subject): Pass {
  return { rule: id as RuleId, subject: about(where), cites: [], status: 'pass', facts: {} };
}

/** With one gap, which travelled through the subjects named by `through`. */
export function unknown(id: string, where: string | Subject, through?: string, howToGet = '--deep'): Unknown {
  const gap = {
    gap: 'denied',
    detail: 'not allowed',
    howToGet,
    id: 'etcd.status',
    subject: 'cluster/cluster',
    ...(through !== undefined && { through }),
  } as const;
  return { rule: id as RuleId, subject: about(where), cites: [], status: 'unknown', gaps: [gap] };
}

/** `lost('m1', 'm2')`, `good('m3')`: what an effect rests on, by node. */
export function lost(...nodes: readonly string[]): readonly Support[] {
  return nodes.map((node) => ({ name: node, keys: { node }, state: 'lost' }));
}

export function good(...nodes: readonly string[]): readonly Support[] {
  return nodes.map((node) => ({ name: node, keys: { node }, state: 'good' }));
}

export function unclear(...nodes: readonly string[]): readonly Support[] {
  return nodes.map((node) => ({ name: node, keys: { node }, state: 'unknown' }));
}

/** Gates see no evidence here. */
export function ranked(rules: readonly AnyRule[], ...verdicts: readonly Verdict[]): Ranking {
  return rank({ rules, verdicts, gate: (edge, link) => edge.when?.(link, undefined as never) ?? 'yes' });
}

/** Verdict by rule and subject, as they stand in the ranking's output. */
export function verdictOf({ verdicts }: Ranking, id: string, where: string): Verdict {
  const found = verdicts.find((verdict) => String(verdict.rule) === id && verdict.subject.name === where);
  if (found === undefined) throw new Error(`there is no verdict of ${id} on ${where}`);
  return found;
}

function named({ rule: id, subject: on }: Pick<Verdict, 'rule' | 'subject'>): string {
  return on.kind === 'cluster' ? id : `${id}(${on.name})`;
}

/** `cause(m2) > part: x(m2), effect(m2)`: one line a finding, in order. */
export function lines({ findings }: Ranking): readonly string[] {
  return findings.map((finding) => {
    const effects = finding.effects.map(
      (effect) => `${effect.as === 'part' ? 'part ' : ''}${named(effect)}${effect.alsoBy.map((by) => ` +${by}`).join('')}`,
    );
    const causes = finding.verdicts.map(named).join(' ');
    return [causes, ...(effects.length === 0 ? [] : ['>', effects.join(', ')])].join(' ');
  });
}

export function first({ findings }: Ranking): RankedFinding {
  const [finding] = findings;
  if (finding === undefined) throw new Error('there is no finding');
  return finding;
}

/** The finding headed by this rule. */
export function headed({ findings }: Ranking, id: string): RankedFinding {
  const found = findings.find((finding) => String(finding.cause.rule) === id);
  if (found === undefined)
    throw new Error(`no finding is headed by ${id}; there are ${findings.map((finding) => finding.cause.rule).join(', ')}`);
  return found;
}
