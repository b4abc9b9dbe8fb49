// Which way did the run take through the decision tree, and what did each question answer?
import type { Report } from '../model/report.ts';
import type { Step } from '../model/tree.ts';
import type { Verdict } from '../model/verdict.ts';
import { ranksText } from './fold.ts';
import type { Line, Page, Span } from './page.ts';
import { hang, phrase, styled } from './page.ts';
import { columnsOf, padTo, wrapItems, wrapProse } from './wrap.ts';

const gap = '   ';

/** Branches that need no words share a line; where something is wrong or open, the questions are named. */
export function printWalk(report: Report, page: Page): readonly Line[] {
  const label = `${phrase(page, 'walk')}  `;
  const arrow = `${page.signs.leadsTo} `;
  const indent = Math.max(6, columnsOf(label)) + columnsOf(arrow);
  const rows = joinShort(byBranch(report.tree).map((steps) => branchRow(steps, report, page)));
  return rows.flatMap((items, index): readonly Line[] => {
    const lead: Line = [
      styled('heading', padTo(index === 0 ? label : '', indent - columnsOf(arrow))),
      index === 0 ? ' '.repeat(columnsOf(arrow)) : arrow,
    ];
    return hang(lead, wrapItems(items, gap, page.width - indent), indent);
  });
}

interface BranchRow {
  readonly short: boolean;
  readonly items: readonly string[];
}

/** Neighbouring branches with one short answer each stand on one line. */
function joinShort(rows: readonly BranchRow[]): readonly (readonly string[])[] {
  const lines: string[][] = [];
  let open = false;
  for (const row of rows) {
    if (row.short && open) lines.at(-1)?.push(...row.items);
    else lines.push([...row.items]);
    open = row.short;
  }
  return lines;
}

function branchRow(steps: readonly Step[], report: Report, page: Page): BranchRow {
  const name = page.clean(steps[0]?.branch ?? '').replaceAll('-', ' ');
  const short = (text: string): BranchRow => ({ short: true, items: [`${name} ${text}`] });
  const answers = new Set(steps.map((step) => step.answer));
  const telling = steps.filter((step) => ['no', 'partly', 'unknown'].includes(step.answer));
  if (telling.length === 0) {
    if (answers.has('yes')) return short(phrase(page, answers.size === 1 ? 'answerYes' : 'answerYesSoFar'));
    return short(`${page.signs.none} ${phrase(page, answers.has('not-applicable') ? 'answerNotApplicable' : 'answerNotAsked')}`);
  }
  if (!answers.has('no') && !answers.has('partly')) {
    if (answers.has('yes') && telling.every((step) => !step.vital)) return short(phrase(page, 'answerYesSoFar'));
    const reasons = new Set(telling.map((step) => hiddenBy(step, report, page)));
    if (!answers.has('yes') && reasons.size === 1) return short(`${phrase(page, 'answerUnknown')} ${[...reasons][0] ?? ''}`.trimEnd());
  }
  const items = telling.map((step) => answerText(step, report, page));
  return { short: false, items: answers.has('yes') ? [...items, phrase(page, 'answerRest')] : items };
}

/** One line a question, for a screen without causes: what was asked, and how many checks stand behind the answer. */
export function printChecked(report: Report, page: Page): readonly Line[] {
  const questions = report.tree.map((step) => page.clean(step.ask));
  const width = Math.min(page.width - 34, Math.max(0, ...questions.map(columnsOf)));
  const lines = report.tree.flatMap((step, index): readonly Line[] => {
    const lead: Line = ['  ', answerSign(step, page), ` ${padTo(questions[index] ?? '', width)}  `];
    return hang(lead, wrapProse(tally(step, report, page), page.width - width - 6), width + 6);
  });
  return [[styled('heading', phrase(page, 'checked'))], ...lines];
}

function answerSign(step: Step, page: Page): Span {
  if (step.answer === 'yes') return styled('good', page.signs.met);
  const idle = step.answer === 'not-applicable' || step.answer === 'not-asked';
  return idle ? styled('faint', page.signs.none) : styled('warning', page.signs.unknown);
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

/** Such as `every master answers? PARTLY 2 of 3 => #1`, or `data equal ? hidden by #1`. */
function answerText(step: Step, report: Report, page: Page): string {
  const topic = page.clean(step.ask).replace(/\?$/, '');
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
