// How does a Report become JSON that is the same, byte for byte, for the same findings?
import type { Report } from '../model/report.ts';
import { Sentence } from '../model/sentence.ts';

/** What a reader looks for first stands first; everything else follows by its name. */
const first = [
  'schema',
  'tool',
  'verdict',
  'counts',
  'rank',
  'rule',
  'subject',
  'status',
  'kind',
  'id',
  'name',
  'cause',
  'severity',
  'impact',
];
const last = ['verdicts', 'gaps', 'run'];
/** Where a name stands that is in neither list. */
const between = first.length;
const weights = new Map([
  ...first.map((key, index) => [key, index] as const),
  ...last.map((key, index) => [key, between + 1 + index] as const),
]);

/** Characters a terminal might obey although JSON allows them: DEL, C1 controls, direction and invisible marks. */
const unsafe = /[\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu;

/** The document that report.schema.json describes, indented, ending with a newline. */
export function renderJson(report: Report): string {
  return renderValue(report);
}

/** Any other value in the same style. */
export function renderValue(value: unknown): string {
  return `${printable(JSON.stringify(withSortedKeys(value), null, 2))}\n`;
}

/** Sorted beforehand: JSON.stringify takes twice the time where it has to ask about each value. */
function withSortedKeys(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(withSortedKeys);
  if (value instanceof Sentence) return value.toString();
  const keys = Object.keys(value).sort(compareKeys);
  return Object.fromEntries(keys.map((key) => [key, withSortedKeys(value[key as keyof typeof value])]));
}

function compareKeys(one: string, other: string): number {
  return weightOf(one) - weightOf(other) || (one < other ? -1 : 1);
}

function weightOf(key: string): number {
  return weights.get(key) ?? between;
}

function printable(json: string): string {
  return json.replace(unsafe, (character) => {
    const units = [...Array(character.length).keys()].map((index) => character.charCodeAt(index));
    return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
  });
}
