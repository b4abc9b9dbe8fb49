// What does a person see on the screen after a run?
import type { Report, Worsening } from '../model/report.ts';
import { speaker } from '../explain/template.ts';
import { english } from '../locales/english.ts';
import type { Locale, RuleTexts } from '../locales/locale.ts';
import { printFinding } from './finding.ts';
import { ranksText, subjectNames } from './fold.ts';
import { printHeader } from './header.ts';
import type { Line, Page } from './page.ts';
import { hang, openPage, paint, phrase, styled } from './page.ts';
import { printPassed, printUnknown } from './unknown.ts';
import { printChecked, printWalk } from './walk.ts';
import { columnsOf, wrapProse } from './wrap.ts';

export interface TerminalOptions {
  /** Columns. */
  readonly width: number;
  readonly ascii: boolean;
  readonly colour: boolean;
  readonly showPassed: boolean;
  readonly exitCode: number;
  /** What to type to look again, such as `kubectl ha-doctor`, and whether flags belong to it. */
  readonly again: string;
  readonly withFlags: boolean;
  /** English texts by rule id. */
  readonly texts: (rule: string) => RuleTexts;
  readonly locale?: Locale;
}

/** The whole screen, ending with a newline. */
export function renderTerminal(report: Report, options: TerminalOptions): string {
  const locale = options.locale ?? english;
  const rule = (id: string): RuleTexts => ({ ...options.texts(id), ...locale.rules[id] });
  const speak = speaker(locale.sentences);
  const page = openPage({ width: options.width, ascii: options.ascii, phrases: locale.phrases, rule, speak });
  const headline = headlineText(report, page);
  const sections: readonly (readonly Line[])[] = [
    printHeader(report, page, headline),
    ...report.findings.map((finding) => printFinding(finding, page, headline)),
    printFails('whyItHurt', report.worsens, page),
    printFails(
      'notes',
      report.notes.map((verdict) => ({ verdict, of: [] })),
      page,
    ),
    report.findings.length > 0 ? printWalk(report, page) : printChecked(report, page),
    ...(options.showPassed ? [printPassed(report, page)] : []),
    [...printUnknown(report, page), ...printExit(report, options, page)],
  ];
  const lines = sections.filter((section) => section.length > 0).flatMap((section, index) => (index === 0 ? section : [[], ...section]));
  return paint(lines, options.colour);
}

/** The verdict line in the report is English; a screen makes its own from the first cause. */
function headlineText(report: Report, page: Page): string {
  const cause = report.findings[0]?.cause;
  return cause === undefined ? page.say(report.verdict.line) : page.fill(page.rule(cause.rule).title, cause.facts);
}

/** Failing verdicts that are no causes: one paragraph each, behind their rule's name. */
function printFails(label: 'whyItHurt' | 'notes', fails: readonly Worsening[], page: Page): readonly Line[] {
  const title = `${phrase(page, label)}  `;
  return fails.flatMap(({ verdict, of }, index) => {
    const name = [page.clean(verdict.rule), subjectNames([verdict.subject], page)].filter((part) => part !== '').join(' ');
    const ranks = of.length === 0 ? '' : ` (${ranksText(of)})`;
    const text = `${name}: ${page.fill(page.rule(verdict.rule).title, verdict.facts)}${ranks}`;
    const lead: Line = [styled('heading', index === 0 ? title : ' '.repeat(columnsOf(title)))];
    return hang(lead, wrapProse(text, page.width - columnsOf(title)), columnsOf(title));
  });
}

function printExit(report: Report, options: TerminalOptions, page: Page): readonly Line[] {
  const code = phrase(page, 'exit', { code: options.exitCode });
  const indent = columnsOf(code) + 3;
  return hang([styled('heading', code), '   '], wrapProse(exitRemark(report, options, page), page.width - indent), indent);
}

function exitRemark(report: Report, options: TerminalOptions, page: Page): string {
  if (report.run.interrupted) return phrase(page, 'exitInterrupted');
  const first = report.findings[0];
  if (first !== undefined) {
    const asked =
      report.tree.find((step) => step.because.includes(first.cause.rule)) ?? report.tree.find((step) => step.finding === first.rank);
    const command = asked === undefined ? options.again : `${options.again} --only ${asked.branch}`;
    return phrase(page, options.withFlags ? 'exitAfterStepsWithFlags' : 'exitAfterSteps', { command });
  }
  return phrase(page, report.verdict.level === 'healthy' ? 'exitHealthy' : 'exitIncomplete');
}
