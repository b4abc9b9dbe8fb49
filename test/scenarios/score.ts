// Does a report tell the truth about a scenario?
import type { Effect, Finding, Report } from '../../src/model/report.ts';
import type { Subject } from '../../src/model/subject.ts';
import type { Expected, Scenario, VantageName } from './scenario.ts';

export interface Score {
  /** 0-5: two points for the root, one each for folds, forbidden findings and unknowns. */
  readonly points: number;
  readonly root: 'yes' | 'an effect that names it' | 'no';
  readonly rankOne: string;
  readonly missingFolds: readonly string[];
  readonly forbidden: readonly string[];
  readonly notUnknown: readonly string[];
}

/** What the scenario's placeholders stand for, such as LEADER -> m1. */
export type Names = Readonly<Record<string, string>>;

export function scoreReport(report: Report, scenario: Scenario, vantage: VantageName, names: Names, exitCode: number): Score {
  const { expect } = scenario;
  const [first] = report.findings;
  const root = expect.kind === 'nothing' ? quiet(report, expect.exitCode, exitCode) : rootOf(first, scenario, vantage, names);
  const missingFolds = expect.kind === 'nothing' || root !== 'yes' ? [] : missing(report, first, expect, names);
  const failing = report.verdicts.filter((verdict) => verdict.status === 'fail' && verdict.severity !== 'info');
  const forbidden = failing
    .filter((verdict) => scenario.forbidden.some((pattern) => matches(pattern, verdict.rule)) && !isExpected(scenario, verdict.rule))
    .map((verdict) => `${verdict.rule}(${verdict.subject.name})`);
  const statuses = (rule: string) => report.verdicts.filter((verdict) => verdict.rule === rule).map((verdict) => verdict.status);
  const notUnknown = scenario.unknown.filter((rule) => statuses(rule).includes('pass'));
  const points =
    (root === 'yes' ? 2 : root === 'no' ? 0 : 2) +
    (missingFolds.length === 0 ? 1 : 0) +
    (forbidden.length === 0 ? 1 : 0) +
    (notUnknown.length === 0 ? 1 : 0);
  const rankOne =
    first === undefined ? 'nothing' : `${first.cause.rule}(${first.subjects.map((one) => one.name).join(' ')}) ${first.confidence}`;
  return { points, root, rankOne, missingFolds, forbidden, notUnknown };
}

function isExpected(scenario: Scenario, rule: string): boolean {
  return scenario.expect.kind === 'fault' && [scenario.expect.root, ...scenario.expect.folds.flat()].some((one) => one.rule === rule);
}

function quiet(report: Report, allowed: readonly number[], exitCode: number): Score['root'] {
  return report.findings.length === 0 && allowed.includes(exitCode) ? 'yes' : 'no';
}

function rootOf(first: Finding | undefined, scenario: Scenario, vantage: VantageName, names: Names): Score['root'] {
  if (scenario.expect.kind === 'nothing' || first === undefined) return 'no';
  const { root } = scenario.expect;
  if (first.cause.rule === root.rule && speaksOf(first.subjects, root, names)) return 'yes';
  const named = first.possibleCauses.some((one) => one.rule === root.rule);
  if (vantage === 'kubeconfig' && scenario.poorerHeads.includes(first.cause.rule) && named) return 'an effect that names it';
  return 'no';
}

function missing(
  report: Report,
  first: Finding | undefined,
  expect: Extract<Scenario['expect'], { kind: 'fault' }>,
  names: Names,
): readonly string[] {
  const effects = first?.effects ?? [];
  const folds = expect.folds.filter(
    (fold) => !(Array.isArray(fold) ? fold : [fold as Expected]).some((one: Expected) => isFolded(effects, one, names)),
  );
  const worsens = (expect.worsens ?? []).filter((rule) => !report.worsens.some((one) => one.verdict.rule === rule));
  const words = folds.map((fold) =>
    (Array.isArray(fold) ? fold : [fold as Expected]).map((one: Expected) => `${one.rule}(${(one.on ?? []).join(' ')})`).join(' or '),
  );
  return [...words, ...worsens.map((rule) => `worsens ${rule}`)];
}

function isFolded(effects: readonly Effect[], expected: Expected, names: Names): boolean {
  const subjects = effects.filter((effect) => effect.rule === expected.rule).map((effect) => effect.subject);
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
