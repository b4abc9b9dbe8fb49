// How do named facts get into a template, so that a sentence can stand in another language's file?
import { placeholder, Sentence, type Text, type Word } from '../model/sentence.ts';
import type { FactRow, Facts } from '../model/verdict.ts';

const prefixed = /^(each|if) ([A-Za-z][A-Za-z0-9]*):\s?(.*)$/s;
/** Two or more spaces in a template part one column from the next. */
const columnGap = / {2,}/;

/** How a text is put into the reader's language. */
export type Speak = (text: Text) => string;

/** One printed line, split into the columns its template had. `aligned` lines share their widths with their neighbours. */
export interface FilledLine {
  readonly columns: readonly string[];
  readonly aligned: boolean;
}

/** Puts facts in place of `{name}`. A name without a fact stays as it is, where a reader and a test can see it. */
export function fill(template: string, facts: Facts | FactRow, speak: Speak = String): string {
  return template.replace(placeholder, (whole, name: string) => {
    const value = Object.hasOwn(facts, name) ? facts[name] : undefined;
    return value === undefined ? whole : factText(value, speak);
  });
}

/** Says sentences in one language; `sentences` holds its words for the English templates it knows. */
export function speaker(sentences: Readonly<Record<string, string>>): Speak {
  const speak: Speak = (text) =>
    text instanceof Sentence ? fill(sentences[text.template] ?? text.template, text.facts, speak) : (sentences[text] ?? text);
  return speak;
}

/** The names a template asks for; those of a row under `each rows:` are given as `rows.name`. */
export function placeholders(template: string): readonly string[] {
  const form = prefixed.exec(template);
  const names = [...(form?.[3] ?? template).matchAll(placeholder)].map((match) => match[1] ?? '');
  if (form?.[1] === 'each') return [form[2] ?? '', ...names.map((name) => `${form[2]}.${name}`)];
  return names;
}

/**
 * The lines under a cause. `each rows: …` gives one line for every row of the fact `rows` (the other facts can be
 * named too), `if since: …` gives its line only where the fact `since` is there.
 */
export function fillLines(templates: readonly string[], facts: Facts, speak: Speak = String): readonly FilledLine[] {
  return templates.flatMap((template): readonly FilledLine[] => {
    const form = prefixed.exec(template);
    const [, keyword, name = '', rest = ''] = form ?? [];
    if (keyword === 'each') return rowsOf(facts[name]).map((row) => filledLine(rest, { ...facts, ...row }, true, speak));
    if (keyword === 'if') return facts[name] === undefined || facts[name] === '' ? [] : [filledLine(rest, facts, false, speak)];
    return [filledLine(template, facts, false, speak)];
  });
}

function filledLine(template: string, facts: Facts, aligned: boolean, speak: Speak): FilledLine {
  const indent = /^ */.exec(template)?.[0] ?? '';
  const columns = template
    .trim()
    .split(columnGap)
    .map((column) => fill(column, facts, speak));
  return { columns: columns.map((column, index) => (index === 0 ? indent + column : column)), aligned };
}

function rowsOf(value: Facts[string] | undefined): readonly FactRow[] {
  return Array.isArray(value) ? value : [];
}

/** A list stands in a sentence as the names of its rows. */
function factText(value: Word | readonly FactRow[], speak: Speak): string {
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string' || value instanceof Sentence) return speak(value);
  return value.map((row) => factText(row['name'] ?? Object.values(row)[0] ?? '', speak)).join(', ');
}
