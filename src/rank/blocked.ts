// Which finding stands in the way of what nobody could look at?
import { failureClasses } from '../model/network.ts';
import { subjectKey } from '../model/subject.ts';
import type { Fail, Verdict } from '../model/verdict.ts';
import type { Draft } from './drafts.ts';

/** Ways to fail after which nothing can be asked through the subject: it says nothing, or nothing that may be believed. */
const silence: ReadonlySet<string> = new Set([...failureClasses, 'untrusted', 'forbidden', 'not-ready']);

/** Marks an unknown verdict when every one of its gaps travelled through subjects that one finding says do not answer. */
export function withBlocker(verdict: Verdict, drafts: readonly Draft[]): Verdict {
  if (verdict.status !== 'unknown' || verdict.gaps.length === 0) return verdict;
  const ways = verdict.gaps.map((gap) => gap.through?.split(' ') ?? []);
  if (ways.some((subjects) => subjects.length === 0)) return verdict;
  const blocker = drafts.find((draft) => {
    const silent = new Set(draft.all.filter(isSilent).map((fail) => subjectKey(fail.subject)));
    return ways.flat().every((subject) => silent.has(subject));
  });
  if (blocker === undefined) return verdict;
  return { ...verdict, blockedBy: { rule: blocker.cause.rule, subject: subjectKey(blocker.cause.subject) } };
}

function isSilent(fail: Fail): boolean {
  return fail.reason !== undefined && silence.has(fail.reason);
}
