// Does the ranking keep its laws, whatever the rules and verdicts?
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AnyRule } from '../../src/model/rule.ts';
import { type Fail, type Verdict, verdictKey } from '../../src/model/verdict.ts';
import type { RankedFinding, Ranking } from '../../src/rank/input.ts';
import { ranked, unknown } from '../kit/verdicts.ts';
import { anyCase, type Case, shuffled, twoComponents } from './random-clusters.ts';

/** The same cases in every run, so that a failure means a change; `LAW_SEED` and `LAW_RUNS` look elsewhere and longer. */
const runs = { numRuns: Number(process.env['LAW_RUNS'] ?? 400), seed: Number(process.env['LAW_SEED'] ?? 1) };

function rankCase({ rules, verdicts }: Case): Ranking {
  return ranked(rules, ...verdicts);
}

/** Every place in which a failing verdict is shown. */
function shownIn({ findings, worsens }: Ranking): readonly string[] {
  const inFindings = findings.flatMap((finding) => [...finding.verdicts, ...finding.effects.map((effect) => effect.verdict)]);
  return [...inFindings, ...worsens.map((one) => one.verdict)].map(verdictKey).sort();
}

function failingKeys(verdicts: readonly Verdict[]): readonly string[] {
  return verdicts
    .filter((verdict) => verdict.status === 'fail' && verdict.severity !== 'info')
    .map(verdictKey)
    .sort();
}

test('the order of verdicts, rules and edges changes no byte', () => {
  fc.assert(
    fc.property(
      anyCase.chain((given) => fc.tuple(fc.constant(given), shuffled(given))),
      ([given, other]) => {
        expect(JSON.stringify(rankCase(other))).toBe(JSON.stringify(rankCase(given)));
      },
    ),
    runs,
  );
});

test('every failing verdict above info is shown exactly once, with any edge left out', () => {
  fc.assert(
    fc.property(anyCase, fc.nat(), ({ rules, verdicts }, choice) => {
      expect(shownIn(ranked(rules, ...verdicts))).toEqual(failingKeys(verdicts));
      expect(shownIn(ranked(withoutEdge(rules, choice), ...verdicts))).toEqual(failingKeys(verdicts));
    }),
    runs,
  );
});

function withoutEdge(rules: readonly AnyRule[], choice: number): readonly AnyRule[] {
  const all = rules.flatMap((rule) => rule.explains);
  const left = all[choice % Math.max(1, all.length)];
  return rules.map((rule) => ({ ...rule, explains: rule.explains.filter((edge) => edge !== left) }));
}

test('what shares no key with it changes no other finding', () => {
  fc.assert(
    fc.property(twoComponents, ({ rules, one, other }) => {
      const alone = portable(ranked(rules, ...one), 'a-');
      expect(portable(ranked(rules, ...one, ...other), 'a-')).toEqual(alone);
    }),
    runs,
  );
});

/** Findings about subjects with this prefix, with names for ranks. */
function portable({ findings, worsens }: Ranking, prefix: string): unknown {
  const nameOf = (rank: number): string => findings[rank - 1]?.verdicts.map(verdictKey).join() ?? '';
  const own = findings.filter((finding) => finding.cause.subject.id.startsWith(prefix));
  return {
    findings: own.map(({ rank: _rank, ...finding }) => ({
      ...finding,
      togetherWith: finding.togetherWith.map(nameOf),
      effects: finding.effects.map((effect) => ({ ...effect, alsoBy: effect.alsoBy.map(nameOf) })),
    })),
    worsens: worsens.filter((one) => one.verdict.subject.id.startsWith(prefix)).map((one) => ({ ...one, of: one.of.map(nameOf) })),
  };
}

test('a fail that turns unknown creates no cause that was not failing, and what it alone explained names it', () => {
  fc.assert(
    fc.property(anyCase, fc.nat(), ({ rules, verdicts }, choice) => {
      const before = ranked(rules, ...verdicts);
      const gone = before.findings[choice % Math.max(1, before.findings.length)];
      if (gone === undefined) return;
      const lost = new Set<Verdict>(gone.verdicts);
      const after = ranked(rules, ...verdicts.map((one) => (lost.has(one) ? unknown(one.rule, one.subject) : one)));
      const failing = failingKeys(verdicts);
      for (const finding of after.findings) expect(failing).toEqual(expect.arrayContaining(finding.verdicts.map(verdictKey)));
      if (gone.bridges.length > 0) return;
      const orphans = gone.effects.filter(
        (effect) => effect.as === 'effect' && effect.alsoBy.length === 0 && gone.togetherWith.length === 0,
      );
      for (const orphan of orphans) expectNamed(after, orphan.verdict, gone);
    }),
    runs,
  );
});

/** If the verdict now heads a finding, what used to explain it is among that finding's possible causes. */
function expectNamed({ findings }: Ranking, orphan: Fail, gone: RankedFinding): void {
  const head = findings.find((finding) => finding.verdicts.some((verdict) => verdictKey(verdict) === verdictKey(orphan)));
  if (head !== undefined) expect(head.possibleCauses.map((cause) => cause.rule)).toContain(gone.cause.rule);
}

test('no finding is headed by what another one explains, and ranks count up', () => {
  fc.assert(
    fc.property(anyCase, (given) => {
      const { findings } = rankCase(given);
      expect(findings.map((finding) => finding.rank)).toEqual(findings.map((_, index) => index + 1));
      for (const finding of findings) {
        expect(finding.verdicts.every((verdict) => verdict.rule === finding.cause.rule && verdict.group === finding.cause.group)).toBe(
          true,
        );
        if (finding.possibleCauses.length > 0) expect(finding.deeper).toBe('unknown');
        expect(finding.togetherWith).not.toContain(finding.rank);
        for (const helper of finding.togetherWith) expect(findings[helper - 1]?.togetherWith).toContain(finding.rank);
      }
    }),
    runs,
  );
});
