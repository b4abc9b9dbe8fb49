// Can the words be put into another language without touching a rule?
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { speaker } from '../../src/explain/template.ts';
import { say, Sentence, type Text } from '../../src/model/sentence.ts';
import type { Report } from '../../src/model/report.ts';
import { lawOverRecordings } from './recordings.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

function sources(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name));
}

test('no sentence of a rule is glued together with its values', () => {
  const glued = ['rules', 'src/judge'].flatMap(sources).flatMap((path) => {
    const found = [...readFileSync(path, 'utf8').matchAll(/\b(?:do|text|words):\s*`[^`]*\$\{[^`]*`/g)];
    return found.map((match) => `${path.slice(root.length)}: ${match[0]}`);
  });
  expect(glued).toEqual([]);
});

/** What an operator is told to do, to check first and to leave alone. */
function instructions(report: Report): readonly Text[] {
  return report.findings.flatMap(({ fixes, avoid }) => [
    ...fixes.flatMap((fix) => [fix.do, ...fix.needs.map((need) => need.text)]),
    ...avoid,
  ]);
}

lawOverRecordings('an instruction names its machines as facts, never inside its words', (recordings) => {
  const texts = recordings.flatMap(({ report }) => instructions(report));
  expect(texts.some((text) => text instanceof Sentence)).toBe(true);
  const words = texts.map((text) => (text instanceof Sentence ? text.template : text));
  expect(words.filter((text) => /\bm[1-5]\b|\bw1\b|\b10\.89\.|\d{4,}/.test(text))).toEqual([]);
});

lawOverRecordings('a language that knows every template leaves no English instruction', (recordings) => {
  for (const { name, report } of recordings) {
    const texts = instructions(report);
    const templates = texts.flatMap(templatesIn);
    const speak = speaker(Object.fromEntries(templates.map((template) => [template, `<${template}>`])));
    expect(
      texts.map(speak).filter((text) => !text.startsWith('<') || !text.endsWith('>')),
      name,
    ).toEqual([]);
  }
});

/** The templates of a text, those of sentences within it too. */
function templatesIn(text: Text): readonly string[] {
  if (!(text instanceof Sentence)) return [text];
  return [text.template, ...Object.values(text.facts).flatMap((fact) => (fact instanceof Sentence ? templatesIn(fact) : []))];
}

test('a sentence within a sentence speaks the same language', () => {
  const speak = speaker({ '{who} waits': '{who} wartet', 'the other': 'der andere' });
  expect(speak(say('{who} waits', { who: say('the other') }))).toBe('der andere wartet');
});
