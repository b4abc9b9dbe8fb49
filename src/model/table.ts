// What does a command show that is a table rather than a diagnosis?
import type { Word } from './sentence.ts';

export interface Column {
  /** The key of its cells, and its name in JSON. */
  readonly key: string;
  readonly head: string;
}

/** A cell that is absent is not known. */
export type Row = Readonly<Record<string, Word | undefined>>;

export interface TableView {
  /** One line that says the most important thing. */
  readonly title: Word;
  readonly columns: readonly Column[];
  /** Keys of the cells that stand one above the other on a screen; JSON has them apart, and those that stand in no stack only JSON has. Absent: each column on its own. */
  readonly stacks?: readonly (readonly string[])[];
  readonly rows: readonly Row[];
  /** What else belongs to it, a line each. */
  readonly notes: readonly Word[];
}
