// What came out of each scenario, where is it kept, and how is it shown?
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Score } from './score.ts';

/** One look at one fault. */
export interface Row extends Score {
  readonly name: string;
  readonly title: string;
  readonly seconds: number;
  readonly exitCode: number;
  /** Whether the recording, replayed at once, said what the live run said, byte for byte but for the run block. */
  readonly replay: 'same' | 'differs';
}

/** One line of the results file; a scenario that could not be put into the lab has a reason instead of rows. */
export interface Result {
  readonly scenario: string;
  readonly lab: string;
  readonly rows: readonly Row[];
  readonly failure?: string;
}

/** Results of an earlier round; a line that an interruption cut off counts as not run. */
export async function readResults(file: string): Promise<readonly Result[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.split('\n').flatMap((line) => {
    try {
      return [JSON.parse(line) as Result];
    } catch {
      return [];
    }
  });
}

export async function startResults(file: string, kept: readonly Result[]): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, kept.map((result) => `${JSON.stringify(result)}\n`).join(''));
}

export async function keepResult(file: string, result: Result): Promise<void> {
  await appendFile(file, `${JSON.stringify(result)}\n`);
}

export function isGood({ rows, failure }: Result): boolean {
  return failure === undefined && rows.length > 0 && rows.every((row) => row.points === 5 && row.replay === 'same');
}

export function linesFor({ scenario, rows, failure }: Result): readonly string[] {
  const failed = failure === undefined ? [] : [`${scenario.padEnd(20)} not run: ${failure}`];
  return [...rows.flatMap(linesForRow), ...failed];
}

function linesForRow(row: Row): readonly string[] {
  const trouble = [
    ...(row.replay === 'same' ? [] : ['the replay differs from the live run']),
    ...row.missingFolds.map((one) => `not folded: ${one}`),
    ...row.forbidden.map((one) => `forbidden: ${one}`),
    ...row.notUnknown.map((one) => `passed instead of unknown: ${one}`),
  ];
  const seconds = `${row.seconds.toFixed(2).padStart(6)} s`;
  const first = `${row.name.padEnd(20)} ${row.points}/5 ${seconds} exit ${row.exitCode}  root: ${row.root.padEnd(3)} ${row.rankOne}`;
  return [first, ...trouble.map((line) => `${' '.repeat(25)}${line}`)];
}
