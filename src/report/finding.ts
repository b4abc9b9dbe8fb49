// What does one ranked cause look like: what is wrong, the evidence for it, what it brought about, what to do?
import type { Finding } from '../model/report.ts';
import type { Fail } from '../model/verdict.ts';
import { type FilledLine, fillLines } from '../explain/template.ts';
import { printFixes } from './fixes.ts';
import { printFolded, ranksText, subjectNames } from './fold.ts';
import type { Line, Page } from './page.ts';
import { hang, phrase, styled } from './page.ts';
import { printTimeline } from './timeline.ts';
import { columnsOf, padTo, wrapProse, wrapWhole } from './wrap.ts';

const mostPossible = 3;

/** `headline` is the verdict line on top of the screen: what it says is not said again. */
export function printFinding(finding: Finding, page: Page, headline: string): readonly Line[] {
  const indent = page.width - 3;
  const title = page.fill(page.rule(finding.cause.rule).title, finding.cause.facts);
  const titles = headline.includes(title) ? [] : wrapProse(title, indent);
  return [
    ...printHeading(finding, page),
    ...titles.map((text): Line => ['   ', text]),
    ...finding.verdicts.flatMap((verdict, index) => printEvidence(verdict, finding.verdicts.slice(0, index), page)),
    ...remarks(finding, page).flatMap((text) => wrapProse(text, indent).map((line): Line => ['   ', line])),
    ...printTimeline(finding, page),
    ...printFolded(finding, page),
    ...printPossible(finding, page),
    ...printFixes(finding, page),
  ];
}

/** What, where and how sure, on one line where there is room for it. */
function printHeading(finding: Finding, page: Page): readonly Line[] {
  const rank = phrase(page, 'cause', { rank: finding.rank });
  const subjects = subjectNames(finding.subjects, page);
  const left = `  ${page.clean(finding.cause.rule)}${subjects === '' ? '' : `  ${subjects}`}`;
  const deeper = phrase(page, finding.deeper === 'none' ? 'deeperNone' : 'deeperUnknown');
  const right = [phrase(page, finding.severity).toLowerCase(), phrase(page, finding.confidence), deeper].join(page.signs.between);
  const style = finding.severity === 'critical' ? 'critical' : 'warning';
  const room = page.width - columnsOf(rank) - columnsOf(right);
  if (columnsOf(left) + 2 <= room) return [[styled(style, rank), styled('heading', padTo(left, room)), right]];
  const [first = '', ...more] = wrapProse(left.trim(), page.width - columnsOf(rank) - 2);
  const indent = ' '.repeat(columnsOf(rank) + 2);
  return [
    [styled(style, rank), styled('heading', `  ${first}`)],
    ...more.map((text): Line => [indent, styled('heading', text)]),
    ...wrapProse(right, page.width - 3).map((text): Line => ['   ', text]),
  ];
}

/** The lines of one verdict, without those that a verdict before it has already given. */
function printEvidence(verdict: Fail, before: readonly Fail[], page: Page): readonly Line[] {
  const shows = page.rule(verdict.rule).shows;
  const said = new Set(before.flatMap((other) => alignColumns(fillLines(shows, other.facts, page.speak), page)));
  const lines = alignColumns(fillLines(shows, verdict.facts, page.speak), page).filter((line) => !said.has(line));
  return lines.flatMap((line) => {
    const indent = 3 + (/^ */.exec(line)?.[0].length ?? 0);
    if (columnsOf(line) + 3 <= page.width) return [[`   ${line}`]];
    return wrapProse(line.trim(), page.width - indent - 2).map(
      (text, index): Line => [' '.repeat(index === 0 ? indent : indent + 2), text],
    );
  });
}

/** Neighbouring rows of a list share the widths of their columns. */
function alignColumns(lines: readonly FilledLine[], page: Page): readonly string[] {
  const rows = lines.map((line) => ({ ...line, columns: line.columns.map(page.clean) }));
  const aligned = rows.filter((row) => row.aligned);
  const widths = aligned.reduce<number[]>((known, row) => {
    for (const [index, column] of row.columns.entries()) known[index] = Math.max(known[index] ?? 0, columnsOf(column));
    return known;
  }, []);
  return rows.map((row) => {
    const columns = row.aligned ? row.columns.map((column, index) => padTo(column, widths[index] ?? 0)) : row.columns;
    return columns.join('  ').trimEnd();
  });
}

function remarks(finding: Finding, page: Page): readonly string[] {
  const bridges = finding.bridges.map((rule) => page.clean(rule)).join(', ');
  return [
    ...(bridges === '' ? [] : [phrase(page, 'bridge', { rules: bridges })]),
    ...(finding.togetherWith.length === 0 ? [] : [phrase(page, 'together', { ranks: ranksText(finding.togetherWith) })]),
  ];
}

/** Unknown rules that may stand behind the cause, cheapest look first; those of several subjects that one look makes known stand there once. */
function printPossible(finding: Finding, page: Page): readonly Line[] {
  const distinct = [...new Map(finding.possibleCauses.map((cause) => [`${cause.rule} ${cause.howToGet}`, cause])).values()];
  const shown = distinct.slice(0, mostPossible);
  const width = Math.max(0, ...shown.map((cause) => columnsOf(page.clean(cause.rule))));
  const label = padTo(phrase(page, 'behind'), 8);
  const indent = 3 + columnsOf(label) + width + 2;
  const lines = shown.flatMap((cause, index) => {
    const lead: Line = ['   ', styled('heading', index === 0 ? label : padTo('', 8)), `${padTo(page.clean(cause.rule), width)}  `];
    return hang(lead, wrapWhole(page.clean(cause.howToGet), Math.max(20, page.width - indent)), indent);
  });
  const left = distinct.length - shown.length;
  return left > 0 ? [...lines, [' '.repeat(3 + columnsOf(label)) + phrase(page, 'behindMore', { count: left })]] : lines;
}
