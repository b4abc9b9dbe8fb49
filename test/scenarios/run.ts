// Runs scenarios on a real lab, records and scores them: npm run test:lab -- [--only S01,S02] [--lab NAME] [--record FOLDER] [--fresh]
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Report } from '../../src/model/report.ts';
import { findLeader } from '../../lab/etcd.ts';
import { injectFault } from '../../lab/fault.ts';
import { ensureLab, type Lab, labSupport, openLab, planFlags, planFromFlags } from '../../lab/lab.ts';
import { releaseFor } from '../../lab/versions.ts';
import { etcdFlags, lookWith } from './look.ts';
import { findWrites } from './read-only.ts';
import type { Scenario, VantageName } from './scenario.ts';
import { vantageNames } from './scenario.ts';
import { scenarios } from './scenarios.ts';
import { type Names, type Score, scoreReport } from './score.ts';

interface Row extends Score {
  readonly name: string;
  readonly title: string;
  readonly seconds: number;
  readonly exitCode: number;
  /** Whether the recording, replayed at once, said what the live run said, byte for byte but for the run block. */
  readonly replay: 'same' | 'differs';
}

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    lab: { type: 'string', default: 'score' },
    record: { type: 'string' },
    fresh: { type: 'boolean', default: false },
    ages: { type: 'string' },
    /** Healthy and three quick faults, for CI. */
    short: { type: 'boolean', default: false },
    /** How often the healthy lab is looked at. */
    repeat: { type: 'string', default: '1' },
  },
});

/** Labs in which a fault was put since they were last made anew. */
const broken = new Set<string>();

async function main(): Promise<number> {
  const support = await labSupport(releaseFor(undefined));
  if (!support.can) {
    process.stdout.write(`SKIPPED: the lab cannot run here: ${support.because}\n0 passed, 0 failed, ${scenarios.length} skipped\n`);
    return 0;
  }
  const lab = await openHealthyOrNot(values.lab);
  const results = join(lab.folder, 'scores');
  if (values.fresh) await rm(results, { recursive: true, force: true });
  await mkdir(results, { recursive: true });
  const rows: Row[] = [];
  for (const scenario of chosen()) rows.push(...(await runOrRecall(lab, scenario, results)));
  if (broken.has(lab.name)) await makeHealthy(lab);
  const { events, writes } = await findWrites(lab);
  process.stdout.write(
    `read-only: ${events} events in the audit logs are ours, ${writes.length} of them or of etcd's counters are writes\n`,
  );
  for (const write of writes) process.stdout.write(`  ${write}\n`);
  print(rows);
  return rows.every(isGood) && writes.length === 0 && events > 0 ? 0 : 1;
}

/** Seconds of age at which the short round looks at each of its faults. */
const shortAges: Readonly<Record<string, readonly number[]>> = { S00: [0], S04: [30], S16: [5], S32: [10] };

/** The lab of that name, made first where there is none; one that is broken is made healthy before each scenario. */
async function openHealthyOrNot(name: string): Promise<Lab> {
  const plan = planFromFlags(parseArgs({ args: [`--name=${name}`], options: planFlags }).values);
  await ensureLab(plan, (line) => process.stderr.write(`${line}\n`)).catch(() => undefined);
  return openLab(name);
}

function chosen(): readonly Scenario[] {
  if (values.short) return scenarios.flatMap((one) => (shortAges[one.id] === undefined ? [] : [{ ...one, ages: shortAges[one.id] ?? [] }]));
  const wanted = values.only?.split(',');
  return wanted === undefined ? scenarios : scenarios.filter((scenario) => wanted.includes(scenario.id));
}

/** A finished scenario is not run again, so that an interrupted round can be resumed; --fresh forgets. */
async function runOrRecall(lab: Lab, scenario: Scenario, results: string): Promise<readonly Row[]> {
  const file = join(results, `${scenario.id}.json`);
  const known = values.only === undefined ? await readFile(file, 'utf8').catch(() => undefined) : undefined;
  if (known !== undefined) return JSON.parse(known) as Row[];
  const rows = await runScenario(lab, scenario);
  await writeFile(file, JSON.stringify(rows));
  print(rows);
  return rows;
}

async function runScenario(lab: Lab, scenario: Scenario): Promise<readonly Row[]> {
  await makeHealthy(lab);
  const names: Record<string, string> = {};
  if (scenario.faults.length > 0) broken.add(lab.name);
  for (const { fault, target, values: given } of scenario.faults) {
    const injected = await injectFault(lab, fault, target === 'follower' ? await someFollower(lab) : target, given);
    if (target === 'leader') names['LEADER'] = injected.target;
  }
  const begun = performance.now();
  const rows: Row[] = [];
  const repeats = scenario.faults.length === 0 && scenario.id === 'S00' ? Number(values.repeat) : 1;
  const ages = values.ages?.split(',').map(Number) ?? Array.from({ length: repeats }, () => scenario.ages).flat();
  for (const age of ages) {
    await sleep(Math.max(0, age * 1000 - (performance.now() - begun)));
    for (const vantage of vantageNames.filter((one) => one === 'kubeconfig' || scenario.kubeconfig !== 'view')) {
      rows.push(await diagnose(lab, scenario, vantage, names, new Set(ages).size > 1 ? `@${age}s` : ''));
    }
  }
  return rows;
}

async function someFollower(lab: Lab): Promise<string> {
  const leader = await findLeader(lab);
  return lab.masters.find((master) => master.name !== leader.name)?.name ?? leader.name;
}

/** Brings the saved copy back unless the lab is as good as new; a machine under load may need a second try. */
async function makeHealthy(lab: Lab): Promise<void> {
  if (broken.has(lab.name) || (await lab.findMissing()).length > 0) await lab.restore().catch(() => lab.restore());
  broken.delete(lab.name);
  await lab.waitHealthy(180_000);
}

const kubeconfigs = { admin: 'kubeconfig', view: 'view.kubeconfig', expired: 'expired.kubeconfig' } as const;

async function diagnose(lab: Lab, scenario: Scenario, vantage: VantageName, names: Names, age: string): Promise<Row> {
  const name = `${scenario.id}${age}-${vantage}`;
  const folder = join(resolve(values.record ?? join(lab.folder, 'recordings')), name.replace('@', '-'));
  await rm(folder, { recursive: true, force: true });
  const flags = [`--record=${folder}`, ...(vantage === 'etcd' ? etcdFlags : [])];
  const outcome = await lookWith(lab, flags, kubeconfigs[scenario.kubeconfig]);
  const row = { name, title: scenario.title, seconds: outcome.seconds, exitCode: outcome.code };
  try {
    const report = JSON.parse(outcome.stdout) as Report;
    const replay = saysTheSame(report, (await lookWith(lab, [`--from=${folder}`])).stdout) ? 'same' : 'differs';
    // Kept recordings are judged by later versions too, whose words may differ.
    await rm(join(folder, 'ha-doctor/report.json'));
    const truth = { scenario: scenario.id, vantage, names, exitCode: outcome.code };
    await writeFile(join(folder, 'truth.json'), `${JSON.stringify(truth, null, 2)}\n`);
    return { ...row, replay, ...scoreReport(report, scenario, vantage, names, outcome.code) };
  } catch {
    const rankOne = `no report: exit ${outcome.code}, ${outcome.stderr.slice(0, 300)}`;
    return { ...row, replay: 'differs', points: 0, root: 'no', rankOne, missingFolds: [], forbidden: [], notUnknown: [] };
  }
}

function isGood(row: Row): boolean {
  return row.points === 5 && row.replay === 'same';
}

function saysTheSame(live: Report, replayed: string): boolean {
  const { run: _live, ...said } = live;
  const { run: _replay, ...again } = JSON.parse(replayed) as Report;
  return JSON.stringify(said) === JSON.stringify(again);
}

function print(rows: readonly Row[]): void {
  for (const row of rows) {
    const trouble = [
      ...(row.replay === 'same' ? [] : ['the replay differs from the live run']),
      ...row.missingFolds.map((one) => `not folded: ${one}`),
      ...row.forbidden.map((one) => `forbidden: ${one}`),
      ...row.notUnknown.map((one) => `passed instead of unknown: ${one}`),
    ];
    process.stdout.write(
      `${row.name.padEnd(20)} ${row.points}/5 ${row.seconds.toFixed(2).padStart(6)} s exit ${row.exitCode}  root: ${row.root.padEnd(3)} ${row.rankOne}\n`,
    );
    for (const line of trouble) process.stdout.write(`${' '.repeat(25)}${line}\n`);
  }
  const passed = rows.filter(isGood).length;
  process.stdout.write(`${passed} passed, ${rows.length - passed} failed\n`);
}

process.exitCode = await main();
