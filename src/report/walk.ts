// Which way did the run take through the decision tree, and what did each question answer?
import type { Report } from '../model/report.ts';
import type { Step } from '../model/tree.ts';
import type { Verdict } from '../model/verdict.ts';
import { ranksText } from './fold.ts';
import type { Line, Page, Span } from './page.ts';
import { hang, phrase, styled } from './page.ts';
import { columnsOf, padTo, wrapItems, wrapProse } from './wrap.ts';

const gap = '   ';

/** Compact: one line a branch, wrapped at whole answers. */
export function printWalk(report: Report, page: Page): readonly Line[] {
  const label = `${phrase(page, 'walk')}  `;
  const arrow = `${page.signs.leadsTo} `;
  const indent = Math.max(6, columnsOf(label)) + columnsOf(arrow);
  return byBranch(report.tree).flatMap((steps, index): readonly Line[] => {
    const items = steps.map((step) => answerText(step, report, page));
    const start = index === 0 ? label : '';
    const lead: Line = [styled('heading', padTo(start, indent - columnsOf(arrow))), index === 0 ? '  '.slice(0, columnsOf(arrow)) : arrow];
    return hang(lead, wrapItems(items, gap, page.width - indent), indent);
  });
}

/** One line a question, for a screen without causes: what was asked, and how many checks stand behind the answer. */
export function printChecked(report: Report, page: Page): readonly Line[] {
  const questions = report.tree.map((step) => page.clean(step.ask));
  const width = Math.min(page.width - 34, Math.max(0, ...questions.map(columnsOf)));
  const lines = report.tree.flatMap((step, index): readonly Line[] => {
    const good = step.answer === 'yes';
    const sign = good ? page.signs.met : step.answer === 'not-applicable' || step.answer === 'not-asked' ? page.signs.none : page.signs.unknown;
    const answer: string | Span = good ? styled('good', sign) : styled('warning', sign);
    const lead: Line = ['  ', answer, ` ${padTo(questions[index] ?? '', width)}  `];
    return hang(lead, wrapProse(tally(step, report, page), page.width - width - 6), width + 6);
  });
  return [[styled('heading', phrase(page, 'checked'))], ...lines];
}

function tally(step: Step, report: Report, page: Page): string {
  if (step.answer === 'not-applicable') return phrase(page, 'answerNotApplicable');
  if (step.answer === 'not-asked') return phrase(page, 'answerNotAsked');
  const all = step.passed + step.failed + step.unknown;
  const passed = phrase(page, 'checksPassed', { passed: step.passed, all });
  if (step.unknown === 0) return passed;
  return `${passed}, ${hiddenBy(step, report, page) ?? phrase(page, 'checksOpen', { unknown: step.unknown })}`;
}

function byBranch(steps: readonly Step[]): readonly (readonly Step[])[] {
  const branches = new Map<string, Step[]>();
  for (const step of steps) branches.set(step.branch, [...(branches.get(step.branch) ?? []), step]);
  return [...branches.values()];
}

/** Such as `etcd leader? NO => #1`, `backups -`, `leases ? hidden by #1`. */
function answerText(step: Step, report: Report, page: Page): string {
  const ask = page.clean(step.ask);
  const topic = ask.replace(/\?$/, '');
  if (step.answer === 'yes') return `${topic} ${phrase(page, 'answerYes')}`;
  if (step.answer === 'not-applicable') return `${topic} ${page.signs.none} ${phrase(page, 'answerNotApplicable')}`;
  if (step.answer === 'not-asked') return `${topic} ${page.signs.none} ${phrase(page, 'answerNotAsked')}`;
  if (step.answer === 'unknown') return `${topic} ${phrase(page, 'answerUnknown')} ${hiddenBy(step, report, page) ?? ''}`.trimEnd();
  const answer = phrase(page, step.answer === 'no' ? 'answerNo' : 'answerPartly');
  const all = step.passed + step.failed + step.unknown;
  const counted = step.answer === 'partly' ? ` ${phrase(page, 'checksPassed', { passed: step.passed, all })}` : '';
  return `${topic}? ${answer}${counted}${reasonText(step, page)}`;
}

/** The finding it belongs to; without one the rules that decided it. */
function reasonText(step: Step, page: Page): string {
  if (step.finding !== undefined) return ` ${page.signs.belongsTo} #${step.finding}`;
  return step.because.length === 0 ? '' : `: ${step.because.map(page.clean).join(', ')}`;
}

function hiddenBy(step: Step, report: Report, page: Page): string | undefined {
  const ranks = report.verdicts
    .filter((verdict) => step.because.includes(verdict.rule))
    .map((verdict) => rankBlocking(verdict, report))
    .filter((rank) => rank !== undefined);
  return ranks.length === 0 ? undefined : phrase(page, 'hiddenBy', { ranks: ranksText([...new Set(ranks)].sort((a, b) => a - b)) });
}

/** The rank of the finding that stands in the way of an unknown verdict. */
export function rankBlocking(verdict: Verdict, report: Report): number | undefined {
  if (verdict.status !== 'unknown' || verdict.blockedBy === undefined) return undefined;
  const { rule, subject } = verdict.blockedBy;
  const finding = report.findings.find(({ cause, verdicts, effects }) =>
    [cause, ...verdicts, ...effects].some((part) => part.rule === rule && `${part.subject.kind}/${part.subject.id}` === subject),
  );
  return finding?.rank;
}
