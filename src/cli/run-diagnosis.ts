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

/** Prints the result and gives the exit code. `program` is what to type to run it again. */
export async function runDiagnosis(flags: DiagnoseFlags, program: string): Promise<number> {
  const report = flags.from === undefined ? await lookLive(flags) : await diagnoseRecorded(replayOptions(flags, flags.from));
  const exitCode = exitCodeFor(report, flags['fail-on'] as FailLine);
  await writeResult(flags.output === 'json' ? renderJson(report) : renderScreen(report, flags, program, exitCode));
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

function renderScreen(report: Report, flags: DiagnoseFlags, program: string, exitCode: number): string {
  const traits = readTraits(process.stdout, process.env, flags['no-color']);
  return renderTerminal(report, { ...traits, showPassed: flags['show-passed'], exitCode, again: againText(flags, program), texts: ruleTexts(catalogue.rules) });
}

/** The same look once more: what named the cluster and the ways to it is kept. */
function againText(flags: DiagnoseFlags, program: string): string {
  const kept = ['kubeconfig', 'context', 'cluster', 'user', 'server', 'as', 'etcd-cacert', 'etcd-cert', 'etcd-key', 'haproxy-stats'] as const;
  const given = kept.flatMap((name) => (flags[name] === undefined || holdsPassword(flags[name]) ? [] : [`--${name} ${quote(flags[name])}`]));
  return [program, ...given].join(' ');
}

/** A URL with a user's password in it is not repeated on a screen. */
function holdsPassword(value: string): boolean {
  return /^https?:\/\/[^/]*@/.test(value);
}

function quote(value: string): string {
  return /^[\w@%+=:,./-]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`;
}
