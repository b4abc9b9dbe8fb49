// What happens between the flags of a command that shows a table and its exit code?
import type { Interfaces } from '@oclif/core';
import { lookLive, lookRecorded, type Looked } from '../pipeline/diagnose.ts';
import { branchesOf, drawView, type ViewName } from '../pipeline/views.ts';
import { renderTable, renderTableJson } from '../report/table.ts';
import { exitCodeFor, type FailLine } from './exit-codes.ts';
import type { viewFlags } from './flags.ts';
import { listenForInterrupt } from './interrupt.ts';
import { writeError, writeResult } from './output.ts';
import { openProgress } from './progress.ts';
import { readRunOptions } from './run-options.ts';
import { readTraits } from './terminal-traits.ts';

type ViewFlags = Interfaces.InferredFlags<typeof viewFlags> & { readonly deep?: boolean; readonly lease?: readonly string[] | undefined };

/** Prints the table and gives the exit code that a diagnosis of the same branches would end with. */
export async function runView(name: ViewName, flags: ViewFlags, program: string): Promise<number> {
  const only = branchesOf(name);
  const { report, evidence } = flags.from === undefined ? await look(flags, only) : await lookRecorded({ from: flags.from, only });
  const view = drawView(name, evidence);
  const [first, ...others] = report.findings;
  const found =
    first === undefined
      ? []
      : [`${report.verdict.line}${others.length === 0 ? '' : ` (+${others.length})`}`, `${program} says why, and what to do`];
  const about = { cluster: report.cluster, takenAt: report.takenAt, findings: report.findings.map((finding) => finding.cause.rule) };
  const shown = { ...view, notes: [...view.notes, ...found] };
  await writeResult(
    flags.output === 'json' ? renderTableJson(view, about) : renderTable(shown, readTraits(process.stdout, process.env, true)),
  );
  return exitCodeFor(report, flags['fail-on'] as FailLine);
}

async function look(flags: ViewFlags, only: string): Promise<Looked> {
  const options = readRunOptions({ ...flags, only, deep: flags.deep === true, 'show-passed': false }, process.env);
  const progress = openProgress(process.stderr);
  const interrupt = listenForInterrupt((line) => {
    progress.clear();
    void writeError(`${line}\n`);
  });
  try {
    return await lookLive({ ...options, interrupt: interrupt.signal, progress: progress.show });
  } finally {
    progress.clear();
    interrupt.release();
  }
}
