// When two recorded faults come together on different machines, are both still found?
import { expect } from 'vitest';
import { rules } from '../../rules/index.ts';
import type { Certainty, Edge, Link } from '../../src/model/rule.ts';
import type { Keys, Subject } from '../../src/model/subject.ts';
import { type Fail, type Verdict, verdictKey } from '../../src/model/verdict.ts';
import type { Ranking } from '../../src/rank/input.ts';
import { rank } from '../../src/rank/rank.ts';
import { failing, lawOverRecordings, type Recording } from './recordings.ts';

const wideKinds: ReadonlySet<string> = new Set(['cluster', 'lb', 'operator']);

/** A fault with a place: a cause of the whole cluster, or an outage, would rightly explain whatever is sick elsewhere. */
function isNarrow({ report: { findings } }: Recording): boolean {
  return findings.length > 0 && findings.every(({ cause, impact }) => !wideKinds.has(cause.subject.kind) && impact !== 'outage');
}

/** Symptoms of the whole cluster in both would have to be one symptom of both, which no recording shows. */
function mayMeet(one: Recording, other: Recording): boolean {
  const wide = ({ report }: Recording): readonly string[] =>
    failing(report.verdicts)
      .filter((fail) => wideKinds.has(fail.subject.kind))
      .map(verdictKey);
  return isNarrow(one) && isNarrow(other) && !wide(one).some((key) => wide(other).includes(key));
}

function pairsOf(recordings: readonly Recording[]): readonly (readonly [Recording, Recording])[] {
  return recordings.flatMap((one, index) =>
    recordings
      .slice(index + 1)
      .filter((other) => mayMeet(one, other))
      .map((other) => [one, other] as const),
  );
}

/** Renamed so that no machine, server, member or object is the same one; what belongs to the whole cluster stays. */
function elsewhere(verdict: Verdict): Verdict {
  const renamed = { ...verdict, subject: renameSubject(verdict.subject) };
  if (renamed.status !== 'fail' || renamed.supports === undefined) return renamed;
  return { ...renamed, supports: renamed.supports.map((support) => ({ ...support, keys: renameKeys(support.keys) })) };
}

function renameSubject(subject: Subject): Subject {
  if (wideKinds.has(subject.kind)) return subject;
  return { ...subject, id: `other/${subject.id}`, keys: renameKeys(subject.keys) };
}

function renameKeys(keys: Keys): Keys {
  return Object.fromEntries(Object.entries(keys).map(([name, value]) => [name, name === 'lb' ? value : `other/${value}`]));
}

const graver: readonly Verdict['status'][] = ['fail', 'unknown', 'pass', 'not-applicable'];

/** Verdicts of both; where both judged the same thing, the graver one. */
function superpose(one: readonly Verdict[], other: readonly Verdict[]): readonly Verdict[] {
  const merged = new Map<string, Verdict>();
  for (const verdict of [...one, ...other]) {
    const before = merged.get(verdictKey(verdict));
    if (before === undefined || graver.indexOf(verdict.status) < graver.indexOf(before.status)) merged.set(verdictKey(verdict), verdict);
  }
  return [...merged.values()];
}

interface Both {
  readonly name: string;
  readonly apart: readonly [Ranking, Ranking];
  readonly together: Ranking;
}

/** Each gate looks at the evidence of the recording its cause is from, where the names are still the old ones. */
function meet([one, other]: readonly [Recording, Recording]): Both {
  const original = new Map(other.report.verdicts.map((verdict) => [elsewhere(verdict), verdict] as const));
  const isOther = (fail: Fail): boolean => original.has(fail);
  const before = (fail: Fail): Fail => (original.get(fail) ?? fail) as Fail;
  const gate = (edge: Edge, { cause, effect }: Link): Certainty => {
    const view = isOther(cause) ? other : one;
    return view.gate(edge, { cause: before(cause), effect: before(effect) });
  };
  const moved = [...original.keys()];
  return {
    name: `${one.name} and ${other.name} elsewhere`,
    apart: [rank({ verdicts: one.report.verdicts, rules, gate }), rank({ verdicts: moved, rules, gate })],
    together: rank({ verdicts: superpose(one.report.verdicts, moved), rules, gate }),
  };
}

function heads({ findings }: Ranking): readonly string[] {
  return findings.flatMap((finding) => finding.verdicts.map(verdictKey));
}

lawOverRecordings('two faults in different places: both roots are found, and nothing else becomes a cause', (recordings) => {
  for (const { name, apart, together } of pairsOf(recordings).map(meet)) {
    expect.soft([...heads(together)].sort(), name).toEqual([...new Set(apart.flatMap(heads))].sort());
  }
});

lawOverRecordings('two faults in different places: the causes of each keep their order', (recordings) => {
  for (const { name, apart, together } of pairsOf(recordings).map(meet)) {
    const rules = apart.map(({ findings }) => findings.map((finding) => finding.cause.rule));
    const shared = (rule: string): boolean => rules.every((own) => own.some((one) => one === rule));
    for (const { findings } of apart) {
      const own = findings.filter((finding) => !shared(finding.cause.rule)).map((finding) => verdictKey(finding.cause));
      expect
        .soft(
          heads(together).filter((key) => own.includes(key)),
          name,
        )
        .toEqual(own);
    }
  }
});
