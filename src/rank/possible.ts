// What that nobody could look at may stand behind a finding, and which unknowns does a finding block?
import type { PossibleCause } from '../model/report.ts';
import type { AnyRule, Edge } from '../model/rule.ts';
import { type Keys, type Subject, sharesKey, subjectKey } from '../model/subject.ts';
import { type Fail, type Unknown, type Verdict, verdictKey } from '../model/verdict.ts';
import type { LiveLink } from './links.ts';

/**
 * Unknown rules with an edge to the finding's cause or its parts that nothing refutes, lowest layer first and then the
 * cheapest to find out; failing ones whose gate could not be decided come before them; what lies behind those comes last.
 */
export function possibleCausesOf(
  verdicts: readonly Fail[],
  parts: readonly Fail[],
  unknowns: readonly Unknown[],
  rules: readonly AnyRule[],
  undecided: readonly LiveLink[],
): readonly PossibleCause[] {
  const targets = [...verdicts, ...parts];
  const failing = undecided
    .filter((link) => verdicts.includes(link.effect) && !verdicts.includes(link.cause))
    .map(({ cause }) => ({ rule: cause.rule, subject: subjectKey(cause.subject), howToGet: '' }));
  const direct = behind(targets, unknowns, rules);
  const further = behind(direct, unknowns, rules).filter((one) => !direct.includes(one));
  const described = [...byCost(direct, rules), ...byCost(further, rules)].map(describe);
  return unique([...failing, ...described]);
}

function behind(targets: readonly Verdict[], unknowns: readonly Unknown[], rules: readonly AnyRule[]): readonly Unknown[] {
  const byId = new Map<string, AnyRule>(rules.map((rule) => [rule.id, rule]));
  return unknowns.filter((unknown) =>
    targets.some((target) => target !== unknown && byId.get(unknown.rule)?.explains.some((edge: Edge) => mayExplain(edge, unknown, target))),
  );
}

/** Whether an edge could hold: an unknown subject whose keys are not known refutes nothing. */
function mayExplain(edge: Edge, unknown: Unknown, target: Verdict): boolean {
  if (edge.to !== target.rule || (edge.kind !== 'causes' && edge.kind !== 'made-of')) return false;
  const reason = target.status === 'fail' ? target.reason : undefined;
  if (edge.produces !== undefined && reason !== undefined && !edge.produces.includes(reason)) return false;
  if (edge.on === 'cluster' && edge.covers === undefined) return true;
  if (edge.on === 'cluster') return mayHit(edge, unknown, target);
  return mayShare(unknown.subject, target.subject.keys, edge.on);
}

function mayHit(edge: Edge, unknown: Unknown, target: Verdict): boolean {
  const supports = target.status === 'fail' ? target.supports : undefined;
  const { match } = edge;
  if (supports === undefined || match === undefined) return true;
  return supports.some((support) => support.state !== 'good' && mayShare(unknown.subject, support.keys, match));
}

function mayShare(subject: Subject, other: Keys, key: keyof Keys): boolean {
  return subject.keys[key] === undefined || other[key] === undefined || sharesKey(subject.keys, other, key);
}

function byCost(unknowns: readonly Unknown[], rules: readonly AnyRule[]): readonly Unknown[] {
  const layers = new Map<string, number>(rules.map((rule) => [rule.id, rule.layer]));
  const cost = (one: Unknown): number => howToGet(one).length;
  return [...unknowns].sort(
    (one, other) =>
      (layers.get(one.rule) ?? 9) - (layers.get(other.rule) ?? 9) || cost(one) - cost(other) || (verdictKey(one) < verdictKey(other) ? -1 : 1),
  );
}

function howToGet(unknown: Unknown): string {
  return unknown.gaps[0]?.howToGet ?? '';
}

function describe(unknown: Unknown): PossibleCause {
  return { rule: unknown.rule, subject: subjectKey(unknown.subject), howToGet: howToGet(unknown) };
}

function unique(causes: readonly PossibleCause[]): readonly PossibleCause[] {
  const seen = new Set<string>();
  return causes.filter((cause) => {
    const key = `${cause.rule} ${cause.subject}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/** The first finding whose silent subjects carried every gap of the verdict. */
export function blockerOf(unknown: Unknown, findings: readonly { readonly cause: Fail; readonly all: readonly Fail[] }[]): Fail | undefined {
  return findings.find(({ all }) => {
    const silent = new Set(all.filter((fail) => fail.reason !== 'partial').map((fail) => subjectKey(fail.subject)));
    return unknown.gaps.every((gap) => gap.through !== undefined && gap.through.split(' ').every((one) => silent.has(one)));
  })?.cause;
}
