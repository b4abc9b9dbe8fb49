// Does a report tell the truth about a scenario?
import type { Effect, Finding, Report } from '../../src/model/report.ts';
import type { Fail } from '../../src/model/verdict.ts';
import type { Subject } from '../../src/model/subject.ts';
import type { Expected, Scenario, VantageName } from './scenario.ts';

export interface Score {
  /** 0-5: two points for the root, one each for folds, forbidden findings and unknowns. */
  readonly points: number;
  readonly root: 'yes' | 'an effect that names it' | 'no';
  /** The finding at rank 1, or the first two where two causes are expected. */
  readonly rankOne: string;
  readonly missingFolds: readonly string[];
  readonly forbidden: readonly string[];
  readonly notUnknown: readonly string[];
}

/** What the scenario's placeholders stand for, such as LEADER -> m1. */
export type Names = Readonly<Record<string, string>>;

/** How and when the tool looked. */
export interface Look {
  readonly vantage: VantageName;
  readonly names: Names;
  readonly exitCode: number;
  /** Seconds since the last injection; undefined where all effects had long appeared. */
  readonly age?: number;
}

export function scoreReport(report: Report, scenario: Scenario, look: Look): Score {
  const { expect } = scenario;
  const second = expect.kind === 'fault' ? secondFor(expect.second, look.vantage) : undefined;
  const heads = report.findings.slice(0, second === undefined ? 1 : 2);
  const root = expect.kind === 'nothing' ? quiet(report, expect.exitCode, look.exitCode) : rootOf(heads, scenario, look);
  const missingFolds = expect.kind === 'nothing' || root !== 'yes' ? [] : missing(report, heads, expect, look);
  const failing = report.verdicts.flatMap((verdict) => (verdict.status === 'fail' && verdict.severity !== 'info' ? [verdict] : []));
  const forbidden = failing
    .filter((verdict) => !isUnnoticed(report, verdict, look.age))
    .filter((verdict) => scenario.forbidden.some((pattern) => matches(pattern, verdict.rule)) && !isExpected(scenario, verdict.rule))
    .map((verdict) => `${verdict.rule}(${verdict.subject.name})`);
  const statuses = (rule: string) => report.verdicts.filter((verdict) => verdict.rule === rule).map((verdict) => verdict.status);
  const notUnknown = scenario.unknown.filter((rule) => statuses(rule).includes('pass'));
  const points =
    (root === 'no' ? 0 : 2) + (missingFolds.length === 0 ? 1 : 0) + (forbidden.length === 0 ? 1 : 0) + (notUnknown.length === 0 ? 1 : 0);
  return { points, root, rankOne: heads.map(wordsFor).join(' + ') || 'nothing', missingFolds, forbidden, notUnknown };
}

function wordsFor({ cause, subjects, confidence }: Finding): string {
  return `${cause.rule}(${subjects.map((one) => one.name).join(' ')}) ${confidence}`;
}

function isExpected({ expect }: Scenario, rule: string): boolean {
  if (expect.kind === 'nothing') return false;
  const second = expect.second === undefined ? [] : [expect.second];
  return [expect.root, ...second, ...expect.folds.flat()].some((one) => isOneOf(one, rule));
}

/** HAProxy takes a server out after three checks of up to 5 s (lab/haproxy.ts): until then it truly fails a share of the clients. */
const noticed = 20;

function isUnnoticed(report: Report, { rule, reason, subject }: Fail, age: number | undefined): boolean {
  if (rule !== 'api-lb-unreachable' || reason !== 'partial' || age === undefined || age >= noticed) return false;
  return report.findings.some(({ effects }) => effects.some((one) => one.rule === rule && one.subject.id === subject.id));
}

function isOneOf(expected: Expected, rule: string): boolean {
  return [expected.rule].flat().includes(rule);
}

function quiet(report: Report, allowed: readonly number[], exitCode: number): Score['root'] {
  return report.findings.length === 0 && allowed.includes(exitCode) ? 'yes' : 'no';
}

/** A cause that cannot be seen from here is not asked for. */
function secondFor(second: Expected | undefined, vantage: VantageName): Expected | undefined {
  return second?.by === undefined || second.by === vantage ? second : undefined;
}

/** Of two causes each must have a finding of its own among the first two. */
function rootOf(heads: readonly Finding[], scenario: Scenario, { vantage, names }: Look): Score['root'] {
  const [first, next] = heads;
  if (scenario.expect.kind === 'nothing' || first === undefined) return 'no';
  const { root } = scenario.expect;
  const second = secondFor(scenario.expect.second, vantage);
  const says = (finding: Finding | undefined, expected: Expected) =>
    finding !== undefined && isOneOf(expected, finding.cause.rule) && speaksOf(finding.subjects, expected, names);
  const comesNear = (finding: Finding | undefined, expected: Expected) =>
    says(finding, expected) || mayName(finding, expected, scenario, vantage);
  if (second === undefined) return says(first, root) ? 'yes' : comesNear(first, root) ? 'an effect that names it' : 'no';
  const both = (each: typeof says) => (each(first, root) && each(next, second)) || (each(first, second) && each(next, root));
  return both(says) ? 'yes' : both(comesNear) ? 'an effect that names it' : 'no';
}

/** Whether a poorer head that is allowed from here names the root among its possible causes. */
function mayName(finding: Finding | undefined, expected: Expected, scenario: Scenario, vantage: VantageName): boolean {
  if (finding === undefined || vantage !== 'kubeconfig' || !scenario.poorerHeads.includes(finding.cause.rule)) return false;
  return finding.possibleCauses.some((one) => isOneOf(expected, one.rule));
}

function missing(
  report: Report,
  heads: readonly Finding[],
  expect: Extract<Scenario['expect'], { kind: 'fault' }>,
  { names, age, vantage }: Look,
): readonly string[] {
  const effects = heads.flatMap((finding) => finding.effects);
  const minor = Number(/^v1\.(\d+)/.exec(report.cluster.version)?.[1] ?? Number.POSITIVE_INFINITY);
  const isDue = ({ from, by, since }: Expected) =>
    (by === undefined || by === vantage) && (age === undefined || from === undefined || age >= from) && minor >= (since ?? 0);
  const wanted = expect.folds.map((fold): readonly Expected[] => [fold].flat()).filter((fold) => fold.every(isDue));
  const folds = wanted.filter((fold) => !fold.some((one) => isFolded(effects, one, names)));
  const worsens = (expect.worsens ?? []).filter((rule) => !report.worsens.some((one) => one.verdict.rule === rule));
  const words = folds.map((fold) => fold.map((one) => `${[one.rule].flat().join('|')}(${(one.on ?? []).join(' ')})`).join(' or '));
  return [...words, ...worsens.map((rule) => `worsens ${rule}`)];
}

function isFolded(effects: readonly Effect[], expected: Expected, names: Names): boolean {
  const subjects = effects.filter((effect) => isOneOf(expected, effect.rule)).map((effect) => effect.subject);
  return subjects.length > 0 && speaksOf(subjects, expected, names);
}

/** All nodes named, and no other one. */
function speaksOf(subjects: readonly Subject[], expected: Expected, names: Names): boolean {
  if (expected.on === undefined) return true;
  const wanted = expected.on.map((node) => names[node] ?? node).sort();
  const said = [...new Set(subjects.map((subject) => subject.keys.node ?? subject.name))].sort();
  return wanted.join() === said.join();
}

function matches(pattern: string, rule: string): boolean {
  return pattern.endsWith('*') ? rule.startsWith(pattern.slice(0, -1)) : pattern === rule;
}
