// How does a Report become JSON that is the same, byte for byte, for the same findings?
import type { Report } from '../model/report.ts';

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

/** Characters a terminal might obey although JSON allows them: DEL, C1 controls, direction and invisible marks. */
const unsafe = /[\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu;

/** The document that report.schema.json describes, indented, ending with a newline. */
export function renderJson(report: Report): string {
  return `${printable(JSON.stringify(report, sortKeys, 2))}\n`;
}

/** Any other value in the same style. */
export function renderValue(value: unknown): string {
  return `${printable(JSON.stringify(value, sortKeys, 2))}\n`;
}

function sortKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([one], [other]) => compareKeys(one, other)));
}

function compareKeys(one: string, other: string): number {
  return weightOf(one) - weightOf(other) || (one < other ? -1 : 1);
}

function weightOf(key: string): number {
  const position = first.indexOf(key);
  if (position >= 0) return position;
  return first.length + 1 + last.indexOf(key);
}

function printable(json: string): string {
  return json.replace(unsafe, (character) => {
    const units = [...Array(character.length).keys()].map((index) => character.charCodeAt(index));
    return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
  });
}
