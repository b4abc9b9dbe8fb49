// What does every rule that fails on this evidence propose to do?
import { rules } from '../../rules/index.ts';
import { judgeAll, viewOf } from '../../src/judge/judge.ts';
import { buildTopology } from '../../src/judge/topology/build.ts';
import { MissingEvidence } from '../../src/judge/view.ts';
import type { Evidence } from '../../src/model/evidence.ts';
import type { Fix } from '../../src/model/rule.ts';
import type { Fail } from '../../src/model/verdict.ts';

export interface Plan {
  readonly rule: string;
  readonly fixes: readonly Fix[];
}

/** One for each failing verdict. */
export function plansFor(evidence: Evidence): readonly Plan[] {
  const topology = buildTopology(evidence);
  const failed = judgeAll(rules, evidence, topology).filter((verdict): verdict is Fail => verdict.status === 'fail');
  return failed.map((verdict) => {
    const rule = rules.find((one) => one.id === verdict.rule);
    try {
      const cause = { facts: verdict.facts, subjects: [verdict.subject], verdicts: [verdict] };
      return { rule: verdict.rule, fixes: rule?.fixes(cause, viewOf(evidence, topology)) ?? [] };
    } catch (error) {
      if (error instanceof MissingEvidence) return { rule: verdict.rule, fixes: [] };
      throw error;
    }
  });
}

/** Everything of a step that may be pasted. */
export function commandsOf(fix: Fix): readonly string[] {
  return [...fix.run, ...fix.verify, ...(fix.undo ?? [])];
}
