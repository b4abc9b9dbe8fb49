// What is a screen made of before colours are put on it?
import type { Facts } from '../model/verdict.ts';
import type { Text } from '../model/sentence.ts';
import { fill, type Speak } from '../explain/template.ts';
import type { Phrases, RuleTexts } from '../locales/locale.ts';
import { neutralise, toAscii } from './neutralise.ts';

export type Style = 'critical' | 'warning' | 'good' | 'heading' | 'command' | 'faint';

export interface Span {
  readonly text: string;
  readonly style: Style;
}

export type Line = readonly (string | Span)[];

export interface Page {
  readonly width: number;
  readonly signs: Signs;
  readonly phrases: Phrases;
  /** Makes any text safe and printable here; layout must measure what this returns. */
  readonly clean: (text: string) => string;
  /** A sentence in the reader's language, safe to print. */
  readonly say: (text: Text) => string;
  /** A rule's template with its facts, likewise. */
  readonly fill: (template: string, facts: Facts) => string;
  readonly speak: Speak;
  readonly rule: (id: string) => RuleTexts;
}

/** The few signs that are not letters, by what the terminal can show. */
export interface Signs {
  readonly between: string;
  readonly met: string;
  readonly unmet: string;
  readonly unknown: string;
  readonly verify: string;
  readonly leadsTo: string;
  readonly belongsTo: string;
  readonly none: string;
}

const unicodeSigns: Signs = { between: ' · ', met: '✓', unmet: '✗', unknown: '?', verify: '✓', leadsTo: '→', belongsTo: '═►', none: '–' };
const asciiSigns: Signs = { between: '; ', met: '+', unmet: 'x', unknown: '?', verify: 'check', leadsTo: '->', belongsTo: '=>', none: '-' };

export function openPage(options: {
  readonly width: number;
  readonly ascii: boolean;
  readonly phrases: Phrases;
  readonly rule: (id: string) => RuleTexts;
  readonly speak: Speak;
}): Page {
  const clean = options.ascii ? (text: string) => toAscii(neutralise(text)) : neutralise;
  const { width, phrases, rule, speak } = options;
  return {
    width,
    signs: options.ascii ? asciiSigns : unicodeSigns,
    phrases,
    clean,
    say: (text) => clean(speak(text)),
    fill: (template, facts) => clean(fill(template, facts, speak)),
    speak,
    rule,
  };
}

/** A phrase of the screen itself with its values. */
export function phrase(page: Page, name: keyof Phrases, facts: Facts = {}): string {
  return page.fill(page.phrases[name], facts);
}

export function styled(style: Style, text: string): Span {
  return { text, style };
}

/** A text behind its lead; further lines stand under the first. */
export function hang(lead: Line, texts: readonly string[], indent: number): readonly Line[] {
  return texts.map((text, index): Line => (index === 0 ? [...lead, text] : [' '.repeat(indent), text]));
}

const codes: Readonly<Record<Style, string>> = {
  critical: '1;31',
  warning: '1;33',
  good: '1;32',
  heading: '1',
  command: '36',
  faint: '2',
};

/** Lines as one text. Whatever slipped through is neutralised here once more, before the only escapes we write. */
export function paint(lines: readonly Line[], colour: boolean): string {
  return lines.map((line) => `${paintLine(line, colour)}\n`).join('');
}

function paintLine(line: Line, colour: boolean): string {
  const parts = line.map((part) => paintPart(part, colour)).join('');
  return parts.replace(/ +$/, '');
}

function paintPart(part: string | Span, colour: boolean): string {
  if (typeof part === 'string') return neutralise(part);
  const text = neutralise(part.text);
  return colour && text.trim() !== '' ? `\u001b[${codes[part.style]}m${text}\u001b[0m` : text;
}
