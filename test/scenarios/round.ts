// How is one scenario put into a lab, looked at, recorded and scored?
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Report } from '../../src/model/report.ts';
import { envoyAdmin } from '../../lab/envoy.ts';
import { findLeader } from '../../lab/etcd.ts';
import { faultNamed } from '../../lab/fault.ts';
import type { Lab } from '../../lab/lab.ts';
import { controlPlaneEndpoint } from '../../lab/topology.ts';
import { fetchBalancerFiles } from './balancer-files.ts';
import { etcdAccessFlags, lookWith } from './look.ts';
import type { Row } from './results.ts';
import type { Credential, Scenario, VantageName } from './scenario.ts';
import { vantagesOf } from './scenario.ts';
import { scoreReport } from './score.ts';

export interface RoundOptions {
  /** Folder for recordings; the lab's own when undefined. */
  readonly record: string | undefined;
  /** Seconds of age to look at instead of the scenario's own. */
  readonly ages: readonly number[] | undefined;
  /** How often a scenario is gone through in which nothing is wrong. */
  readonly repeat: number;
}

/** Labs in which a fault was put since they were last made anew, and whether healing it leaves nothing behind. */
const broken = new Map<string, 'traces' | 'no trace'>();

/** Heals what leaves no trace; else brings the saved copy back unless the lab is as good as new. */
export async function makeHealthy(lab: Lab): Promise<void> {
  const state = broken.get(lab.name);
  const isHealed =
    state === 'no trace' &&
    (await lab
      .heal()
      .then(() => lab.waitHealthy(60_000))
      .then(
        () => true,
        () => false,
      ));
  // A machine under load may need a second try.
  if (!isHealed && (state !== undefined || (await lab.findMissing()).length > 0)) await lab.restore().catch(() => lab.restore());
  broken.delete(lab.name);
  await lab.waitHealthy();
}

async function leaveNoTrace(scenario: Scenario): Promise<boolean> {
  const faults = await Promise.all(scenario.faults.map(({ fault }) => faultNamed(fault)));
  return faults.every((fault) => fault.leavesNoTrace === true);
}

export async function runScenario(lab: Lab, scenario: Scenario, options: RoundOptions): Promise<readonly Row[]> {
  await makeHealthy(lab);
  const times = scenario.expect.kind === 'nothing' ? options.repeat : 1;
  const rows: Row[] = [];
  for (let time = 1; time <= times; time++) {
    const mark = times > 1 ? `#${time}` : '';
    rows.push(...(await lookOnce(lab, scenario, options, mark)));
  }
  return rows;
}

async function lookOnce(lab: Lab, scenario: Scenario, options: RoundOptions, mark: string): Promise<readonly Row[]> {
  const names = await injectAll(lab, scenario);
  const begun = performance.now();
  const rows: Row[] = [];
  const ages = options.ages === undefined ? scenario.ages : agesWithin(options.ages, scenario);
  for (const age of ages) {
    for (const vantage of vantagesOf(scenario)) {
      await sleep(Math.max(0, age * 1000 - (performance.now() - begun)));
      rows.push(await diagnose(lab, scenario, { vantage, names, age, mark: `${mark}${ages.length > 1 ? `@${age}s` : ''}` }, options));
    }
  }
  return rows;
}

/** Ages outside a fault's life are taken at its first or last moment. */
function agesWithin(ages: readonly number[], { from = 0, until = Number.POSITIVE_INFINITY }: Scenario): readonly number[] {
  return [...new Set(ages.map((age) => Math.max(from, Math.min(age, until))))];
}

async function injectAll(lab: Lab, scenario: Scenario): Promise<Record<string, string>> {
  const names: Record<string, string> = {};
  if (scenario.faults.length > 0) broken.set(lab.name, (await leaveNoTrace(scenario)) ? 'no trace' : 'traces');
  for (const { fault, target, values } of scenario.faults) {
    const injected = await lab.inject(fault, target === 'follower' ? await someFollower(lab) : target, values);
    if (target === 'leader' || target === 'follower') names[target.toUpperCase()] = injected.target;
  }
  return names;
}

async function someFollower(lab: Lab): Promise<string> {
  const leader = await findLeader(lab);
  return lab.masters.find((master) => master.name !== leader.name)?.name ?? leader.name;
}

const kubeconfigs: Readonly<Record<Credential, string>> = {
  admin: 'kubeconfig',
  view: 'view.kubeconfig',
  expired: 'expired.kubeconfig',
  moved: 'moved.kubeconfig',
};

/** The administrator's kubeconfig with an address in the lab's network that no machine has. */
async function writeMovedKubeconfig(lab: Lab): Promise<void> {
  const text = await readFile(lab.paths.kubeconfig, 'utf8');
  const moved = text.replace(controlPlaneEndpoint(lab.plan), '10.89.0.99:8443');
  await writeFile(join(lab.folder, 'operator', kubeconfigs.moved), moved, { mode: 0o600 });
}

interface Moment {
  readonly vantage: VantageName;
  readonly names: Readonly<Record<string, string>>;
  readonly age: number;
  readonly mark: string;
}

async function diagnose(lab: Lab, scenario: Scenario, moment: Moment, options: RoundOptions): Promise<Row> {
  const { vantage, names, age, mark } = moment;
  const name = `${scenario.id}${mark}-${vantage}`;
  const folder = join(resolve(options.record ?? join(lab.folder, 'recordings')), name.replace(/[@#]/g, '-'));
  await rm(folder, { recursive: true, force: true });
  if (scenario.kubeconfig === 'moved') await writeMovedKubeconfig(lab);
  const balancer = await balancerFlags(lab, scenario);
  const vantageFlags = vantage === 'etcd' ? etcdAccessFlags : [];
  const flags = [`--record=${folder}`, ...balancer, ...vantageFlags, ...(scenario.deep ? ['--deep'] : [])];
  const outcome = await lookWith(lab, flags, {
    kubeconfig: kubeconfigs[scenario.kubeconfig],
    ...(scenario.onNode !== undefined && { node: scenario.onNode }),
    ...(scenario.operatorAhead !== undefined && { ahead: scenario.operatorAhead }),
  });
  const row = { name, title: scenario.title, seconds: outcome.seconds, exitCode: outcome.code };
  try {
    const report = JSON.parse(outcome.stdout) as Report;
    const replay = saysTheSame(report, (await lookWith(lab, [`--from=${folder}`])).stdout) ? 'same' : 'differs';
    // Kept recordings are judged by later versions too, whose words may differ.
    await rm(join(folder, 'ha-doctor/report.json'));
    const truth = { scenario: scenario.id, vantage, names, age, exitCode: outcome.code };
    await writeFile(join(folder, 'truth.json'), `${JSON.stringify(truth, null, 2)}\n`);
    return { ...row, replay, ...scoreReport(report, scenario, { vantage, names, age, exitCode: outcome.code }) };
  } catch {
    const rankOne = `no report: exit ${outcome.code}, ${outcome.stderr.slice(0, 300)}`;
    return { ...row, replay: 'differs', points: 0, root: 'no', rankOne, missingFolds: [], forbidden: [], notUnknown: [] };
  }
}

/** What an operator of such a lab names besides. */
async function balancerFlags(lab: Lab, scenario: Scenario): Promise<readonly string[]> {
  if (scenario.lab === 'envoy') return [`--envoy-admin=${envoyAdmin}`];
  return scenario.lab === 'vip' || scenario.lab === 'nginx' ? fetchBalancerFiles(lab) : [];
}

function saysTheSame(live: Report, replayed: string): boolean {
  const { run: _live, ...said } = live;
  const { run: _replay, ...again } = JSON.parse(replayed) as Report;
  return JSON.stringify(said) === JSON.stringify(again);
}
