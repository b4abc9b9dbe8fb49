// What happens between the flags of `diagnose` and its exit code?
import type { Report } from '../model/report.ts';
import { catalogue } from '../pipeline/catalogue.ts';
import { diagnoseLive, diagnoseRecorded } from '../pipeline/diagnose.ts';
import { renderJson } from '../report/json.ts';
import { renderTerminal } from '../report/terminal.ts';
import { ruleTexts } from '../report/texts.ts';
import { exitCodeFor, type FailLine } from './exit-codes.ts';
import { listenForInterrupt } from './interrupt.ts';
import { writeError, writeResult } from './output.ts';
import { openProgress } from './progress.ts';
import { type DiagnoseFlags, readRunOptions } from './run-options.ts';
import { readTraits } from './terminal-traits.ts';

/** How it is run again. */
export interface Again {
  /** What to type. */
  readonly program: string;
  /** Whether the flags have to be typed again, too. */
  readonly withFlags: boolean;
}

/** Prints the result and gives the exit code. */
export async function runDiagnosis(flags: DiagnoseFlags, again: Again): Promise<number> {
  const report = flags.from === undefined ? await lookLive(flags) : await diagnoseRecorded(replayOptions(flags, flags.from));
  const exitCode = exitCodeFor(report, flags['fail-on'] as FailLine);
  await writeResult(flags.output === 'json' ? renderJson(report) : renderScreen(report, flags, again, exitCode));
  return exitCode;
}

function replayOptions(flags: DiagnoseFlags, from: string) {
  return { from, ...(flags.only !== undefined && { only: flags.only }) };
}

async function lookLive(flags: DiagnoseFlags): Promise<Report> {
  const options = readRunOptions(flags, process.env);
  const progress = openProgress(process.stderr);
  const interrupt = listenForInterrupt((line) => {
    progress.clear();
    void writeError(`${line}\n`);
  });
  try {
    return await diagnoseLive({ ...options, interrupt: interrupt.signal, progress: progress.show });
  } finally {
    progress.clear();
    interrupt.release();
  }
}

function renderScreen(report: Report, flags: DiagnoseFlags, { program, withFlags }: Again, exitCode: number): string {
  const traits = readTraits(process.stdout, process.env, flags['no-color'] === true);
  const texts = ruleTexts(catalogue.rules);
  return renderTerminal(report, {
    ...traits,
    showPassed: flags['show-passed'] === true,
    exitCode,
    again: program,
    withFlags,
    texts,
  });
}
