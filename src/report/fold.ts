// Which lines say what a cause has brought about, without naming anything twice?
import type { Effect, Finding } from '../model/report.ts';
import type { Subject } from '../model/subject.ts';
import { fill } from '../explain/template.ts';
import type { Line, Page } from './page.ts';
import { hang, phrase, styled } from './page.ts';
import { columnsOf, padTo, wrapProse } from './wrap.ts';

const mostNames = 6;

interface FoldedRow {
  readonly rule: string;
  readonly subjects: Subject[];
  readonly text: string;
}

export function printFolded(finding: Finding, page: Page): readonly Line[] {
  const rows = groupEffects(finding, page);
  if (rows.length === 0) return [];
  const ruleWidth = Math.min(28, Math.max(...rows.map((row) => columnsOf(row.rule))));
  const names = rows.map((row) => subjectNames(row.subjects, page, row.text));
  const nameWidth = Math.min(16, Math.max(...names.map(columnsOf)));
  let previous = '';
  return rows.flatMap((row, index) => {
    const rule = row.rule === previous ? '' : row.rule;
    previous = row.rule;
    const label = padTo(index === 0 ? phrase(page, 'folded') : '', 8);
    const name = names[index] ?? '';
    const lead = `${padTo(rule, ruleWidth)}  ${name === '' ? '' : `${padTo(name, nameWidth)}  `}`;
    const indent = 3 + 8 + columnsOf(lead);
    return hang(['   ', styled('heading', label), lead], wrapProse(row.text, Math.max(20, page.width - indent)), indent);
  });
}

/** One row for all effects of one rule that would read the same. */
function groupEffects(finding: Finding, page: Page): readonly FoldedRow[] {
  const rows = new Map<string, FoldedRow>();
  for (const effect of finding.effects) {
    const text = effectText(effect, finding, page);
    const key = `${effect.rule}\n${text}`;
    const row = rows.get(key) ?? { rule: page.clean(effect.rule), subjects: [], text };
    row.subjects.push(effect.subject);
    rows.set(key, row);
  }
  return [...rows.values()];
}

function effectText(effect: Effect, finding: Finding, page: Page): string {
  const own =
    effect.as === 'part'
      ? phrase(page, 'part', { rank: finding.rank })
      : page.clean(fill(page.rule(effect.rule).folded, effect.verdict.facts));
  return effect.alsoBy.length === 0 ? own : `${own} (${phrase(page, 'alsoBy', { ranks: ranksText(effect.alsoBy) })})`;
}

export function ranksText(ranks: readonly number[]): string {
  return ranks.map((rank) => `#${rank}`).join(', ');
}

/** Names of subjects, as many as help; the cluster itself goes without saying, and so does a name the text has. */
export function subjectNames(subjects: readonly Subject[], page: Page, text = ''): string {
  const names = subjects
    .filter((subject) => subject.kind !== 'cluster')
    .map((subject) => page.clean(subject.name))
    .filter((name) => !text.split(/[\s,;()]+/).includes(name));
  const shown = names.slice(0, mostNames).join(' ');
  return names.length <= mostNames ? shown : `${shown} ${phrase(page, 'more', { count: names.length - mostNames })}`;
}
