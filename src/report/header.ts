// What is the verdict in one line, whom does it hurt, and from where was it seen?
import type { Report, Vantage } from '../model/report.ts';
import { describeMoment } from '../model/time.ts';
import type { Line, Page, Style } from './page.ts';
import { phrase, styled } from './page.ts';
import { columnsOf, padTo, wrapProse } from './wrap.ts';

const levelStyles: Readonly<Record<Report['verdict']['level'], Style>> = {
  critical: 'critical',
  warning: 'warning',
  incomplete: 'warning',
  healthy: 'good',
};

export function printHeader(report: Report, page: Page, headline: string): readonly Line[] {
  // Over a finding stands how grave it is; that a vital question is open beside it has a line of its own.
  const isOpenBeside = report.verdict.level === 'incomplete' && report.findings.length > 0;
  const level = phrase(page, isOpenBeside ? 'warning' : report.verdict.level);
  const indent = Math.max(8, columnsOf(level)) + 2;
  const [first = '', ...more] = wrapProse(headline, page.width - indent);
  const style = levelStyles[report.verdict.level];
  const head: readonly Line[] = [
    [styled(style, padTo(level, indent)), styled('heading', first)],
    ...more.map((text): Line => [' '.repeat(indent), styled('heading', text)]),
  ];
  const cause = report.findings[0]?.cause;
  const impact =
    cause === undefined
      ? []
      : labelled(page, 'impact', indent, wrapProse(page.fill(page.rule(cause.rule).why, cause.facts), page.width - indent));
  const interrupted = report.run.interrupted ? wrapProse(phrase(page, 'interrupted'), page.width - 2) : [];
  return [
    ...head,
    ...interrupted.map((text): Line => ['  ', styled('warning', text)]),
    ...impact,
    ...(isOpenBeside ? labelled(page, 'open', indent, openQuestions(report, page, page.width - indent)) : []),
    ...labelled(page, 'looked', indent, [...looked(report, page, page.width - indent), ...counts(report, page, page.width - indent)]),
  ];
}

function labelled(page: Page, label: 'impact' | 'open' | 'looked', indent: number, lines: readonly string[]): readonly Line[] {
  const title = padTo(`  ${phrase(page, label)}`, indent);
  return lines.map((text, index): Line => [index === 0 ? styled('heading', title) : ' '.repeat(indent), text]);
}

function openQuestions({ verdict, tree }: Report, page: Page, width: number): readonly string[] {
  const asks = tree.filter(({ question }) => verdict.unanswered.includes(question)).map(({ ask }) => page.clean(ask));
  return wrapProse(phrase(page, 'openBeside', { questions: asks.join(' ') }), width);
}

function looked(report: Report, page: Page, width: number): readonly string[] {
  const reached = report.vantages.filter((vantage) => vantage.reached !== 'no').map((vantage) => vantageText(vantage, page));
  const missed = report.vantages.filter((vantage) => vantage.reached === 'no').map((vantage) => page.clean(vantage.name));
  const ways = reached.join(', ');
  const vantages = missed.length === 0 ? ways : phrase(page, 'notReached', { vantages: ways, names: missed.join(', ') });
  const facts = { time: describeMoment(report.takenAt), seconds: report.run.seconds.toFixed(1), vantages };
  const whys = report.vantages.flatMap(({ why }) => (why === undefined ? [] : wrapProse(page.clean(why), width)));
  return [...wrapProse(phrase(page, report.run.replayed ? 'whenReplayed' : 'when', facts), width), ...whys];
}

/** A name is enough where a vantage was reached; where it was not, `Unknown` says what to do about it. */
function vantageText(vantage: Vantage, page: Page): string {
  if (vantage.reached === 'yes') return page.clean(vantage.name);
  return phrase(page, 'reachedPartly', { name: vantage.name, detail: vantage.detail });
}

function counts(report: Report, page: Page, width: number): readonly string[] {
  const { checks, failed, passed, unknown, notApplicable } = report.counts;
  const left =
    phrase(page, 'counts', { checks, failed, passed, unknown }) +
    (notApplicable > 0 ? phrase(page, 'notApplicable', { count: notApplicable }) : '');
  const { name, version, platform } = report.cluster;
  const kind = platform.kind === 'unknown' ? phrase(page, 'platformUnknown') : platform.kind;
  const cluster = [name, version, kind].filter((part) => part !== '');
  const right = page.clean(cluster.join(', '));
  const gap = width - columnsOf(left) - columnsOf(right);
  return gap >= 3 ? [left + ' '.repeat(gap) + right] : [...wrapProse(left, width), ...wrapProse(right, width)];
}
