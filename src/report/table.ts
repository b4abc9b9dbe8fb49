// How does a table look on a terminal, and in JSON?
import Table from 'cli-table3';
import { speaker } from '../explain/template.ts';
import { english } from '../locales/english.ts';
import { Sentence, type Word } from '../model/sentence.ts';
import type { TableView } from '../model/table.ts';
import { renderValue } from './json.ts';
import { neutralise, toAscii } from './neutralise.ts';
import { columnsOf, wrapProse } from './wrap.ts';

export interface TableOptions {
  /** Columns of the terminal. */
  readonly width: number;
  readonly ascii: boolean;
}

/** Blanks between two columns. */
const gap = 2;
/** A column is not made narrower than this. */
const narrowest = 8;

const sides = ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'];
const inner = ['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid', 'middle'];
const plainBorders = Object.fromEntries([...sides, ...inner].map((side) => [side, '']));
const style = { head: [], border: [], 'padding-left': 0, 'padding-right': gap };
/** Lines given to cli-table3 at once: its time grows with the square of them, and with the cube of one cell's lines. */
const linesAtOnce = 50;

/** A cell's lines. */
type Cell = readonly string[];

/** Columns side by side without lines between them; a row that is too wide is broken at blanks. `parted`: an empty line between rows. */
export function renderColumns(heads: readonly string[], rows: readonly (readonly string[])[], width?: number, parted = false): string {
  const table = [heads, ...rows].map((row) => heads.map((_head, column): Cell => (row[column] ?? '').split('\n')));
  const widths = widestOf(table).map(columnsOf);
  const room = width === undefined ? widths : narrow(widths, widestOf(table, ' ').map(columnsOf), width);
  const wrapped = table.map((row) => row.map((lines, column) => lines.flatMap((line) => wrapProse(line, room[column] ?? narrowest))));
  const lines = wrapped.flatMap((row, index) => linesOf(row, parted && index > 0 && index < rows.length));
  // The widest line of each column stands above every part, so that all parts are alike, and is taken away again.
  const head = [...widestOf(wrapped)];
  const drawn: string[] = [];
  for (let at = 0; at < lines.length; at += linesAtOnce) {
    const part = new Table({ head, chars: plainBorders, style });
    part.push(...lines.slice(at, at + linesAtOnce));
    drawn.push(...part.toString().split('\n').slice(1));
  }
  return drawn.map((line) => `${line.trimEnd()}\n`).join('');
}

/** Of each column: its widest line, or the widest piece between two signs. */
function widestOf(table: readonly (readonly Cell[])[], sign?: string): readonly string[] {
  const widest: string[] = [];
  for (const row of table)
    for (const [column, lines] of row.entries())
      for (const piece of sign === undefined ? lines : lines.flatMap((line) => line.split(sign)))
        if (columnsOf(piece) >= columnsOf(widest[column] ?? '')) widest[column] = piece;
  return widest;
}

/** A row as lines of a table; one more, and empty, where rows are to stand apart. */
function linesOf(row: readonly Cell[], isApart: boolean): string[][] {
  const height = Math.max(...row.map((lines) => lines.length)) + (isApart ? 1 : 0);
  return Array.from({ length: height }, (_line, index) => row.map((lines) => lines[index] ?? ''));
}

/** Takes from the widest column that can be broken at a blank, and only then from the widest, until all of them fit. */
function narrow(widths: readonly number[], words: readonly number[], width: number): readonly number[] {
  const room = [...widths];
  const tooWide = (): boolean => room.reduce((sum, one) => sum + one + gap, 0) - gap > width;
  for (const least of [words, words.map(() => narrowest)]) {
    while (tooWide()) {
      const slack = room.map((one, index) => (one > (least[index] ?? narrowest) ? one : 0));
      const widest = Math.max(...slack);
      if (widest === 0) break;
      room[slack.indexOf(widest)] = widest - 1;
    }
  }
  return room;
}

/** The whole screen, ending with a newline. What is not known is a question mark. */
export function renderTable(view: TableView, { width, ascii }: TableOptions): string {
  const speak = speaker(english.sentences);
  const clean = (word: Word | undefined): string => {
    if (word === undefined) return '?';
    const text = neutralise(typeof word === 'number' ? String(word) : speak(word));
    return ascii ? toAscii(text) : text;
  };
  const stacks = view.stacks ?? view.columns.map(({ key }) => [key]);
  const stacked = (textOf: (key: string) => string): readonly string[] => stacks.map((keys) => keys.map(textOf).join('\n'));
  const headOf = (key: string): string => view.columns.find((column) => column.key === key)?.head ?? key;
  const rows = view.rows.map((row) => stacked((key) => clean(row[key])));
  const table =
    rows.length === 0
      ? ''
      : `\n${renderColumns(
          stacked(headOf),
          rows,
          width,
          stacks.some((keys) => keys.length > 1),
        )}`;
  const notes = view.notes.flatMap((note) => wrapProse(clean(note), width));
  return `${wrapProse(clean(view.title), width).join('\n')}\n${table}${notes.length === 0 ? '' : `\n${notes.join('\n')}\n`}`;
}

/** The same for programs: a cell that is not known is null. */
export function renderTableJson(view: TableView, about: Readonly<Record<string, unknown>>): string {
  const value = (word: Word | undefined): string | number | null =>
    word === undefined ? null : word instanceof Sentence ? word.toString() : word;
  const rows = view.rows.map((row) => Object.fromEntries(view.columns.map(({ key }) => [key, value(row[key])])));
  return renderValue({ schema: 1, ...about, title: value(view.title), rows, notes: view.notes.map(value) });
}
