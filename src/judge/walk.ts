// What did the run answer to each question of the decision tree?
import type { AnswerKind, Question, Step } from '../model/tree.ts';
import { type Fail, type Verdict, verdictKey } from '../model/verdict.ts';

/**
 * One step for every question, in the order of the tree. `ranks` tells by verdict key to which finding a failing verdict
 * belongs. Failures of severity info count as passed here: they answer the question as well as a pass does.
 */
export function walk(
  tree: readonly Question[],
  verdicts: readonly Verdict[],
  ranks: ReadonlyMap<string, number> = new Map(),
): readonly Step[] {
  const byRule = new Map<string, Verdict[]>();
  for (const verdict of verdicts) {
    const same = byRule.get(verdict.rule);
    if (same === undefined) byRule.set(verdict.rule, [verdict]);
    else same.push(verdict);
  }
  return tree.map((question) => {
    const own = question.rules.flatMap((rule) => byRule.get(rule) ?? []);
    return answer(question, own, ranks);
  });
}

function answer(question: Question, verdicts: readonly Verdict[], ranks: ReadonlyMap<string, number>): Step {
  const failing = verdicts.filter(isAboveInfo);
  const open = verdicts.filter((verdict) => verdict.status === 'unknown');
  const good = verdicts.filter((verdict) => verdict.status === 'pass' || (verdict.status === 'fail' && !isAboveInfo(verdict)));
  const kind = kindOf(verdicts, failing, open, good);
  const found = failing.flatMap((verdict) => ranks.get(verdictKey(verdict)) ?? []);
  return {
    question: question.id,
    branch: question.branch,
    ask: question.ask,
    vital: question.vital,
    answer: kind,
    because: rulesOf(kind === 'unknown' ? open : failing),
    passed: good.length,
    failed: failing.length,
    unknown: open.length,
    ...(found.length > 0 && { finding: Math.min(...found) }),
  };
}

function isAboveInfo(verdict: Verdict): verdict is Fail {
  return verdict.status === 'fail' && verdict.severity !== 'info';
}

/**
 * A rule that fails on some of its subjects and holds on others makes it `partly`, and so does one whose own reason is
 * `partial`; one that fails wherever it looked makes it `no`.
 */
function kindOf(all: readonly Verdict[], failing: readonly Fail[], open: readonly Verdict[], good: readonly Verdict[]): AnswerKind {
  if (all.length === 0) return 'not-asked';
  if (failing.length > 0) {
    const holdsSomewhere = (fail: Fail): boolean => fail.reason === 'partial' || good.some((verdict) => verdict.rule === fail.rule);
    return failing.every(holdsSomewhere) ? 'partly' : 'no';
  }
  if (open.length > 0) return 'unknown';
  return good.length > 0 ? 'yes' : 'not-applicable';
}

function rulesOf(verdicts: readonly Verdict[]): readonly string[] {
  return [...new Set(verdicts.map((verdict) => verdict.rule))].sort();
}
