// Which finding comes first?
import { type Fail, type Impact, type Severity, verdictKey } from '../model/verdict.ts';
import { subjectKey } from '../model/subject.ts';
import type { RuleIndex } from './rule-index.ts';

const impacts: readonly Impact[] = ['outage', 'degraded', 'at-risk'];
const severities: readonly Severity[] = ['critical', 'warning', 'info'];

export function worstImpact(verdicts: readonly Fail[]): Impact {
  return impacts.find((impact) => verdicts.some((verdict) => verdict.impact === impact)) ?? 'at-risk';
}

export function worstSeverity(verdicts: readonly Fail[]): Severity {
  return severities.find((severity) => verdicts.some((verdict) => verdict.severity === severity)) ?? 'info';
}

/** Compared number by number, smaller first; then by name. */
export interface Weight {
  readonly numbers: readonly number[];
  readonly name: string;
}

/**
 * Impact and severity (each the worst of cause and effects), breadth of the cause, layer, stated before measured, number of
 * effects, earlier start, rule and subjects. Two findings never weigh the same: a verdict stands in one of them only.
 */
export function weigh(verdicts: readonly Fail[], effects: readonly Fail[], rules: RuleIndex): Weight {
  const all = [...verdicts, ...effects];
  const starts = verdicts.flatMap((verdict) => (verdict.since === undefined ? [] : [verdict.since.earliest]));
  return {
    numbers: [
      impacts.indexOf(worstImpact(all)),
      severities.indexOf(worstSeverity(all)),
      breadthOf(verdicts),
      rules.layerOf(verdicts[0]?.rule ?? ''),
      verdicts.some((verdict) => verdict.witness === 'stated') ? 0 : 1,
      -effects.length,
      starts.length === 0 ? Number.POSITIVE_INFINITY : Math.min(...starts),
    ],
    name: verdicts.map(verdictKey).join('\n'),
  };
}

/** Whether impact and severity are the same. */
export function hurtAlike(one: Weight, other: Weight): boolean {
  return one.numbers[0] === other.numbers[0] && one.numbers[1] === other.numbers[1];
}

export function compareWeights(one: Weight, other: Weight): number {
  for (const [index, value] of one.numbers.entries()) {
    const against = other.numbers[index] ?? 0;
    if (value !== against) return value < against ? -1 : 1;
  }
  return one.name < other.name ? -1 : one.name > other.name ? 1 : 0;
}

/** Smaller is wider: cluster, load balancer, several nodes, one node, an object or file. */
function breadthOf(verdicts: readonly Fail[]): number {
  const kinds = new Set(verdicts.map((verdict) => verdict.subject.kind));
  if (kinds.has('cluster') || kinds.has('operator')) return 0;
  if (kinds.has('lb')) return 1;
  const places = verdicts.flatMap(({ subject }) => {
    if (subject.keys.node !== undefined) return [subject.keys.node];
    return subject.kind === 'object' || subject.kind === 'file' ? [] : [subjectKey(subject)];
  });
  if (new Set(places).size > 1) return 2;
  return [...kinds].every((kind) => kind === 'object' || kind === 'file') ? 4 : 3;
}
