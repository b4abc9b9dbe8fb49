// Runs scenarios on real labs, records and scores them: npm run test:lab -- [--only S01,S02] [--lab NAME,NAME] [--record FOLDER] [--resume]
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureLab, type Lab, labSupport, openLab, planFlags, planFromFlags } from '../../lab/lab.ts';
import type { LabPlan } from '../../lab/topology.ts';
import { labsRoot } from '../../lab/state.ts';
import { releaseFor } from '../../lab/versions.ts';
import { findWrites } from './read-only.ts';
import { isGood, keepResult, linesFor, readResults, type Result, startResults } from './results.ts';
import { makeHealthy, type RoundOptions, runScenario } from './round.ts';
import type { Scenario } from './scenario.ts';
import { scenarios } from './scenarios.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    /** One lab, or several between which the scenarios are shared out. */
    lab: { type: 'string', default: 'score' },
    record: { type: 'string' },
    /** Where each scenario's result is kept as soon as it is there. */
    results: { type: 'string', default: join(labsRoot(), '..', 'scenarios.jsonl') },
    /** Goes on where an interrupted round ended: scenarios in the results file are not run again. */
    resume: { type: 'boolean', default: false },
    /** With --resume: runs those again that did not get all points. */
    again: { type: 'boolean', default: false },
    ages: { type: 'string' },
    /** Healthy and three quick faults, for CI; what fails is gone through once more, and said. */
    short: { type: 'boolean', default: false },
    /** How often the labs are looked at in which nothing is wrong. */
    repeat: { type: 'string', default: '1' },
  },
});

/** Exit code where nothing wrong was seen, and not every scenario could be put into the lab. */
const notPut = 2;

const say = (line: string) => process.stdout.write(`${line}\n`);

/** Seconds of age at which the short round looks at each of its faults. */
const shortAges: Readonly<Record<string, readonly number[]>> = { S00: [0], S04: [30], S16: [5], S32: [10] };

async function main(): Promise<number> {
  const support = await labSupport(releaseFor(undefined));
  if (!support.can) {
    say(`SKIPPED: the lab cannot run here: ${support.because}\n0 passed, 0 failed, ${scenarios.length} skipped`);
    return 0;
  }
  const wanted = chosen();
  const known = values.resume ? (await readResults(values.results)).filter((result) => !values.again || isGood(result)) : [];
  await startResults(values.results, known);
  const recalled = known.filter((result) => wanted.some((scenario) => scenario.id === result.scenario));
  const open = wanted.filter((scenario) => !recalled.some((result) => result.scenario === scenario.id));
  const labs = values.lab.split(',');
  const done = (await Promise.all(labs.map((name) => workThrough(name, open)))).flat();
  const results = [...recalled, ...done].sort((one, other) => (one.scenario < other.scenario ? -1 : 1));
  for (const line of results.flatMap(linesFor)) say(line);
  const passed = results.filter(isGood).length;
  say(`${passed} scenarios passed, ${results.length - passed} failed, ${wanted.length - results.length} not run`);
  const readOnly = done.length === 0 || (await provesReadOnly(labs).catch(notProved));
  if (passed === wanted.length && readOnly) return 0;
  const wrong = results.some((result) => result.rows.length > 0 && !isGood(result));
  return wrong || readOnly === false ? 1 : notPut;
}

function chosen(): readonly Scenario[] {
  if (values.short) return scenarios.flatMap((one) => (shortAges[one.id] === undefined ? [] : [{ ...one, ages: shortAges[one.id] ?? [] }]));
  const wanted = values.only?.split(',');
  const unknown = (wanted ?? []).filter((id) => !scenarios.some((scenario) => scenario.id === id));
  if (unknown.length > 0) throw new Error(`there is no scenario ${unknown.join(', ')}`);
  // Those that need a lab of another shape are asked for by name.
  return scenarios.filter((scenario) => (wanted === undefined ? scenario.lab === undefined : wanted.includes(scenario.id)));
}

/** One lab takes the next scenario off the list, which it shares with the other labs, until it is empty. */
async function workThrough(name: string, open: Scenario[]): Promise<readonly Result[]> {
  const lab = await openHealthyOrNot(name);
  const done: Result[] = [];
  for (let scenario = takeFor(lab, open); scenario !== undefined; scenario = takeFor(lab, open)) {
    let result = await runOne(lab, scenario);
    if (values.short && !isGood(result)) {
      for (const line of linesFor(result)) say(`${name}  ${line}`);
      say(`${name}  ${scenario.id}: once more`);
      result = await runOne(lab, scenario);
    }
    await keepResult(values.results, result);
    for (const line of linesFor(result)) say(`${name}  ${line}`);
    done.push(result);
  }
  return done;
}

/** The next scenario that a lab of this shape can play. */
function takeFor({ plan }: Lab, open: Scenario[]): Scenario | undefined {
  const place = open.findIndex((scenario) => scenario.lab === shapeOf(plan));
  return place === -1 ? undefined : open.splice(place, 1)[0];
}

function shapeOf(plan: LabPlan): Scenario['lab'] {
  if (plan.masters === 1) return 'single';
  if (plan.authorityDays !== undefined) return 'ending';
  if (plan.vip) return 'vip';
  return plan.loadBalancer === 'nginx' || plan.loadBalancer === 'envoy' ? plan.loadBalancer : undefined;
}

/** A scenario that cannot be put into the lab fails; the others go on. */
async function runOne(lab: Lab, scenario: Scenario): Promise<Result> {
  const options: RoundOptions = {
    record: values.record,
    ages: values.ages?.split(',').map(Number),
    repeat: Number(values.repeat),
  };
  try {
    return { scenario: scenario.id, lab: lab.name, rows: await runScenario(lab, scenario, options) };
  } catch (error) {
    const failure = error instanceof Error ? error.message : String(error);
    return { scenario: scenario.id, lab: lab.name, rows: [], failure };
  }
}

/** The lab of that name, made first where there is none; one that is broken is made healthy before each scenario. */
async function openHealthyOrNot(name: string): Promise<Lab> {
  const plan = planFromFlags(parseArgs({ args: [`--name=${name}`], options: planFlags }).values);
  await ensureLab(plan, (line) => process.stderr.write(`${line}\n`)).catch(() => undefined);
  return openLab(name);
}

/** A lab that does not become healthy again hands out no counters. */
function notProved(error: Error): undefined {
  say(`read-only: not proved: ${error.message}`);
}

async function provesReadOnly(labs: readonly string[]): Promise<boolean> {
  const found = await Promise.all(
    labs.map(async (name) => {
      const lab = await openLab(name);
      await makeHealthy(lab);
      return findWrites(lab);
    }),
  );
  const events = found.reduce((sum, one) => sum + one.events, 0);
  const writes = found.flatMap((one) => one.writes);
  say(`read-only: ${events} events in the audit logs are ours, ${writes.length} of them or of etcd's counters are writes`);
  for (const write of writes) say(`  ${write}`);
  return writes.length === 0 && events > 0;
}

process.exitCode = await main();
