// What came first, in a few lines?
import type { Finding, TimelineEntry } from '../model/report.ts';
import { Sentence } from '../model/sentence.ts';
import { describeDuration, describeMoment } from '../model/time.ts';
import type { Line, Page } from './page.ts';
import { hang, phrase, styled } from './page.ts';
import { columnsOf, padTo, wrapProse } from './wrap.ts';

const mostLines = 6;
/** Milliseconds of doubt that are not worth a word: clocks are read to a second on either side. */
const exactEnough = 4000;
/** Milliseconds within which equal things share a line. */
const soon = 15_000;

/** The first with its time by the servers' clocks, the others by how much later they happened. */
export function printTimeline({ timeline }: Finding, page: Page): readonly Line[] {
  const [first] = timeline;
  if (first === undefined) return [];
  const rows = inRows(timeline);
  const shown = rows.slice(0, mostLines);
  const times = shown.map(([entry = first], index) => (index === 0 ? clockTime(entry) : distance(first, entry, page)));
  const width = Math.max(...times.map(columnsOf));
  const label = padTo(phrase(page, 'first'), 8);
  const indent = 3 + 8 + width + 2;
  const lines = shown.flatMap((row, index) => {
    const lead: Line = ['   ', styled('heading', index === 0 ? label : padTo('', 8)), `${padTo(times[index] ?? '', width)}  `];
    return hang(lead, wrapProse(textOf(row, page), Math.max(20, page.width - indent)), indent);
  });
  const left = rows.length - shown.length;
  return left > 0 ? [...lines, [' '.repeat(11) + phrase(page, 'behindMore', { count: left })]] : lines;
}

/** What happened alike to several things, one soon after the other, is one row. */
function inRows(timeline: readonly TimelineEntry[]): readonly (readonly TimelineEntry[])[] {
  const rows: TimelineEntry[][] = [];
  for (const entry of timeline) {
    const row = rows.find(([head]) => head !== undefined && isAlike(head, entry));
    if (row === undefined) rows.push([entry]);
    else row.push(entry);
  }
  return rows;
}

function isAlike(one: TimelineEntry, other: TimelineEntry): boolean {
  const template = ({ what }: TimelineEntry): string => (what instanceof Sentence ? what.template : what);
  return one.rule === other.rule && template(one) === template(other) && other.at[0] - one.at[0] < soon;
}

function textOf([first, ...others]: readonly TimelineEntry[], page: Page): string {
  if (first === undefined) return '';
  const last = others.at(-1);
  const text = phrase(page, 'saidBy', { what: page.say(first.what), by: page.say(first.by) });
  if (last === undefined) return text;
  const names = others.map((entry) => page.clean(entry.name)).join(', ');
  return phrase(page, 'likewise', { text, names, seconds: Math.max(1, Math.ceil((last.at[0] - first.at[0]) / 1000)) });
}

/** `2026-11-21 03:12:44Z`, or between which two moments where these are far apart. */
function clockTime({ at: [low, high] }: TimelineEntry): string {
  const time = high - low > exactEnough ? low : Math.round((low + high) / 2);
  return describeMoment(new Date(time).toISOString());
}

/** `+12 s`, `+40 to 58 s`, `+4 h 17 min`. */
function distance(first: TimelineEntry, entry: TimelineEntry, page: Page): string {
  const low = Math.max(0, entry.at[0] - first.at[1]);
  const high = entry.at[1] - first.at[0];
  const middle = Math.max(0, (entry.at[0] + entry.at[1] - first.at[0] - first.at[1]) / 2);
  if (high - low <= 2 * exactEnough || high >= 7_200_000) return `+${describeDuration(middle)}`;
  return phrase(page, 'laterBetween', { low: String(Math.round(low / 1000)), high: String(Math.round(high / 1000)) });
}
