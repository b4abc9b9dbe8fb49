// What does nobody know yet, how many checks wait for it, and what would make it known?
import type { Report } from '../model/report.ts';
import type { Unknown, Verdict } from '../model/verdict.ts';
import { ranksText } from './fold.ts';
import type { Line, Page } from './page.ts';
import { hang, phrase, styled } from './page.ts';
import { rankBlocking } from './walk.ts';
import { columnsOf, padTo, wrapItems, wrapProse, wrapWhole } from './wrap.ts';

/** Most rules are named; more than this many lines of names would hide the remedy. */
const mostNames = 6;

interface Group {
  readonly remedy: string;
  readonly rules: string[];
  count: number;
}

/** Every unknown verdict stands in exactly one group, so the counts add up to the one in the header. */
export function printUnknown(report: Report, page: Page): readonly Line[] {
  const groups = groupByRemedy(report, page);
  if (groups.length === 0) return [];
  const label = `${phrase(page, 'unknown')}  `;
  const countWidth = Math.max(...groups.map((group) => String(group.count).length));
  const indent = columnsOf(label) + countWidth + 2;
  return groups.flatMap((group, index) => {
    const count = String(group.count).padStart(countWidth);
    const lead: Line = [styled('heading', padTo(index === 0 ? label : '', columnsOf(label))), `${count}  `];
    const names = group.rules.slice(0, mostNames);
    if (group.rules.length > mostNames) names.push(phrase(page, 'more', { count: group.rules.length - mostNames }));
    return [
      ...hang(lead, wrapWhole(group.remedy, page.width - indent), indent),
      ...wrapItems(names, ' ', page.width - indent - 2).map((text): Line => [' '.repeat(indent + 2), styled('faint', text)]),
    ];
  });
}

function groupByRemedy(report: Report, page: Page): readonly Group[] {
  const groups = new Map<string, Group>();
  for (const verdict of report.verdicts) {
    if (verdict.status !== 'unknown') continue;
    const remedy = remedyText(verdict, report, page);
    const group = groups.get(remedy) ?? { remedy, rules: [], count: 0 };
    const rule = page.clean(verdict.rule);
    if (!group.rules.includes(rule)) group.rules.push(rule);
    group.count += 1;
    groups.set(remedy, group);
  }
  return [...groups.values()].sort((a, b) => b.count - a.count || (a.remedy < b.remedy ? -1 : 1));
}

function remedyText(verdict: Unknown, report: Report, page: Page): string {
  const rank = rankBlocking(verdict, report);
  if (rank !== undefined) return phrase(page, 'blocked', { ranks: ranksText([rank]) });
  return page.clean(verdict.gaps[0]?.howToGet ?? '');
}

/** `--show-passed`: every rule that holds, in its own positive sentence, and those that have no meaning here. */
export function printPassed(report: Report, page: Page): readonly Line[] {
  const passed = oncePerRule(report.verdicts.filter((verdict) => verdict.status === 'pass'));
  const leftOut = oncePerRule(report.verdicts.filter((verdict) => verdict.status === 'not-applicable'));
  const width = Math.max(0, ...[...passed, ...leftOut].map((verdict) => columnsOf(page.clean(verdict.rule))));
  const list = (verdicts: readonly Verdict[], text: (verdict: Verdict) => string): readonly Line[] =>
    verdicts.flatMap((verdict) => {
      const lead = `  ${padTo(page.clean(verdict.rule), width)}  `;
      return hang([lead], wrapProse(page.clean(text(verdict)), page.width - columnsOf(lead)), columnsOf(lead));
    });
  return [
    [styled('heading', phrase(page, 'passed'))],
    ...list(passed, (verdict) => page.rule(verdict.rule).healthy),
    ...(leftOut.length === 0 ? [] : [[], [styled('heading', phrase(page, 'leftOut'))] as Line]),
    ...list(leftOut, (verdict) => (verdict.status === 'not-applicable' ? verdict.because : '')),
  ];
}

function oncePerRule(verdicts: readonly Verdict[]): readonly Verdict[] {
  return verdicts.filter((verdict, index) => verdicts.findIndex((other) => other.rule === verdict.rule) === index);
}
