// Which finding comes first?
import type { AnyRule } from '../model/rule.ts';
import type { Subject } from '../model/subject.ts';
import { type Fail, type Impact, type Severity, verdictKey } from '../model/verdict.ts';

const impacts: readonly Impact[] = ['outage', 'degraded', 'at-risk'];
const severities: readonly Severity[] = ['critical', 'warning', 'info'];

/** What the order looks at, for one cause with everything under it. */
export interface Weighed {
  readonly verdicts: readonly Fail[];
  readonly impact: Impact;
  readonly severity: Severity;
  readonly effects: number;
}

export function worstImpact(verdicts: readonly Fail[]): Impact {
  return impacts.find((impact) => verdicts.some((verdict) => verdict.impact === impact)) ?? 'at-risk';
}

export function worstSeverity(verdicts: readonly Fail[]): Severity {
  return severities.find((severity) => verdicts.some((verdict) => verdict.severity === severity)) ?? 'info';
}

/** Total: impact, severity, breadth, layer, stated before measured, number of effects, earlier start, rule id, subject. */
export function compareFindings(one: Weighed, other: Weighed, rules: readonly AnyRule[]): number {
  const first = measure(one, rules);
  const second = measure(other, rules);
  for (const [index, value] of first.entries()) {
    const difference = value - (second[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return keyOf(one) < keyOf(other) ? -1 : 1;
}

function measure(one: Weighed, rules: readonly AnyRule[]): readonly number[] {
  const [cause] = one.verdicts;
  const layer = rules.find((rule) => rule.id === cause?.rule)?.layer ?? 9;
  const starts = one.verdicts.flatMap((verdict) => (verdict.since === undefined ? [] : [verdict.since.earliest]));
  return [
    impacts.indexOf(one.impact),
    severities.indexOf(one.severity),
    breadth(one.verdicts),
    layer,
    one.verdicts.some((verdict) => verdict.witness === 'stated') ? 0 : 1,
    -one.effects,
    starts.length === 0 ? Number.MAX_SAFE_INTEGER : Math.min(...starts),
  ];
}

/** Smaller is wider: cluster, load balancer, several nodes, one node, one object. */
function breadth(verdicts: readonly Fail[]): number {
  const kinds = new Set<Subject['kind']>(verdicts.map((verdict) => verdict.subject.kind));
  if (kinds.has('cluster') || kinds.has('operator')) return 0;
  if (kinds.has('lb')) return 1;
  if (verdicts.length > 1) return 2;
  return kinds.has('object') || kinds.has('file') ? 4 : 3;
}

function keyOf(one: Weighed): string {
  return one.verdicts.map(verdictKey).join(' ');
}
