// Which lines say what a cause has brought about, without naming anything twice?
import type { Effect, Finding } from '../model/report.ts';
import type { Subject } from '../model/subject.ts';
import type { Line, Page } from './page.ts';
import { hang, phrase, styled } from './page.ts';
import { columnsOf, padTo, wrapProse } from './wrap.ts';

const mostNames = 6;
/** Columns for the names of the things that a row is about. */
const widestName = 16;

interface FoldedRow {
  readonly rule: string;
  readonly subjects: Subject[];
  readonly text: string;
  /** The text says which subjects. */
  readonly named: boolean;
}

export function printFolded(finding: Finding, page: Page): readonly Line[] {
  const rows = groupEffects(finding, page);
  if (rows.length === 0) return [];
  const ruleWidth = Math.min(28, Math.max(...rows.map((row) => columnsOf(row.rule))));
  const names = rows.map((row) => (row.named ? '' : subjectNames(row.subjects, page, row.text)));
  const nameWidth = Math.max(0, ...names.map(columnsOf).filter((width) => width <= widestName));
  let previous = '';
  return rows.flatMap((row, index) => {
    const rule = row.rule === previous ? '' : row.rule;
    previous = row.rule;
    const label = padTo(index === 0 ? phrase(page, 'folded') : '', 8);
    const name = names[index] ?? '';
    // Long names would leave no room for what is said of them: they begin the sentence instead.
    const fits = columnsOf(name) <= widestName;
    const lead = `${padTo(rule, ruleWidth)}  ${name === '' || !fits ? '' : `${padTo(name, nameWidth)}  `}`;
    const text = fits ? row.text : `${name}: ${row.text}`;
    const indent = 3 + 8 + columnsOf(lead);
    return hang(['   ', styled('heading', label), lead], wrapProse(text, Math.max(20, page.width - indent)), indent);
  });
}

/** One row for all effects of one rule that would read the same but for the name of their subject. */
function groupEffects(finding: Finding, page: Page): readonly FoldedRow[] {
  const rows = new Map<string, FoldedRow>();
  for (const effect of finding.effects) {
    const text = effectText(effect, finding, page).replaceAll(nameIn(effect.subject, page), blank);
    const key = `${effect.rule}\n${text}`;
    const row = rows.get(key) ?? { rule: page.clean(effect.rule), subjects: [], text, named: text.includes(blank) };
    row.subjects.push(effect.subject);
    rows.set(key, row);
  }
  return [...rows.values()].map((row) => ({ ...row, text: row.text.replaceAll(blank, () => listNames(row.subjects, ', ', page)) }));
}

/** Stands for the subject's name; clean text has no control characters of its own. */
const blank = '\u0000';

function nameIn(subject: Subject, page: Page): RegExp {
  const name = page.clean(subject.name).replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`(?<![\\w.:/-])${name}(?![\\w.:/-])`, 'g');
}

function effectText(effect: Effect, finding: Finding, page: Page): string {
  const own =
    effect.as === 'part' ? phrase(page, 'part', { rank: finding.rank }) : page.fill(page.rule(effect.rule).folded, effect.verdict.facts);
  return effect.alsoBy.length === 0 ? own : `${own} (${phrase(page, 'alsoBy', { ranks: ranksText(effect.alsoBy) })})`;
}

export function ranksText(ranks: readonly number[]): string {
  return ranks.map((rank) => `#${rank}`).join(', ');
}

/** Names of subjects, as many as help; the cluster itself goes without saying, and so do names the text has. */
export function subjectNames(subjects: readonly Subject[], page: Page, text = ''): string {
  const said = new Set(text.split(/[\s,;()]+/));
  return listNames(
    subjects.filter((subject) => subject.kind !== 'cluster' && !said.has(page.clean(subject.name))),
    ' ',
    page,
  );
}

function listNames(subjects: readonly Subject[], separator: string, page: Page): string {
  const names = subjects.map((subject) => page.clean(subject.name));
  const left = names.length - mostNames;
  return left <= 0 ? names.join(separator) : `${names.slice(0, mostNames).join(separator)} ${phrase(page, 'more', { count: left })}`;
}
