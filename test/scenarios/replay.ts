// What does the tool say today about evidence recorded in a scenario?
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Report } from '../../src/model/report.ts';
import { exitCodeFor } from '../../src/cli/exit-codes.ts';
import { diagnoseRecorded } from '../../src/pipeline/diagnose.ts';
import type { Scenario, VantageName } from './scenario.ts';
import { scenarios } from './scenarios.ts';
import { type Names, type Score, scoreReport } from './score.ts';

/** Written beside a recording when the fault was known. */
export interface Truth {
  readonly scenario: string;
  readonly vantage: VantageName;
  readonly names: Names;
  /** Seconds since the last injection; older recordings were made when all had settled. */
  readonly age?: number;
}

interface Replayed {
  readonly report: Report;
  readonly scenario: Scenario;
  readonly truth: Truth;
  readonly score: Score;
}

/** @throws Error when the folder is no recording of a known scenario. */
export async function replayRecording(folder: string): Promise<Replayed> {
  const truth = JSON.parse(readFileSync(join(folder, 'truth.json'), 'utf8')) as Truth;
  const scenario = scenarios.find((one) => one.id === truth.scenario);
  if (scenario === undefined) throw new Error(`${folder} belongs to no scenario: ${truth.scenario}`);
  const report = await diagnoseRecorded({ from: folder });
  const { vantage, names, age } = truth;
  const look = { vantage, names, exitCode: exitCodeFor(report, 'warning'), ...(age !== undefined && { age }) };
  return { report, scenario, truth, score: scoreReport(report, scenario, look) };
}
