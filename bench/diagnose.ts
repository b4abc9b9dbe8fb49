// How long does a diagnosis take on a real control plane, against kubectl and against doing it by hand?
// npm run bench:diagnose -- [--lab NAME] [--state healthy|black-holed|quorum-lost]   (injects and heals the fault itself)
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { injectFault } from '../lab/fault.ts';
import { type Lab, openLab } from '../lab/lab.ts';
import { guideCommands } from './guide.ts';
import { median } from './measure.ts';

const { values } = parseArgs({ options: { lab: { type: 'string', default: 'bench' }, state: { type: 'string' } } });
const binary = process.env['HA_DOCTOR_BINARY'] ?? fileURLToPath(new URL('../bin/ha-doctor.cjs', import.meta.url));
const etcd = [
  '--etcd-endpoints=https://10.89.0.11:2379,https://10.89.0.12:2379,https://10.89.0.13:2379',
  '--etcd-cacert=etcd/ca.crt',
  '--etcd-cert=etcd/client.crt',
  '--etcd-key=etcd/client.key',
];

interface State {
  readonly name: string;
  readonly faults: readonly (readonly [string, string])[];
  /** Seconds until the fault looks as it will go on to look. */
  readonly settles: number;
  /** How often each contender runs; the guide by hand takes minutes on a sick cluster. */
  readonly rounds: number;
  readonly goal: string;
}

const states: readonly State[] = [
  { name: 'healthy', faults: [], settles: 0, rounds: 7, goal: 'faster than by hand' },
  { name: 'black-holed', faults: [['host-black-holed', 'm2']], settles: 30, rounds: 1, goal: 'diagnose within 2.8 s' },
  {
    name: 'quorum-lost',
    faults: [
      ['etcd-stopped', 'm2'],
      ['etcd-stopped', 'm3'],
    ],
    settles: 60,
    rounds: 1,
    goal: 'diagnose within 5 s',
  },
];

async function main(): Promise<void> {
  const lab = await openLab(values.lab);
  for (const state of states.filter((one) => values.state === undefined || one.name === values.state)) {
    if ((await lab.findMissing()).length > 0) await lab.restore();
    for (const [fault, target] of state.faults) await injectFault(lab, fault, target);
    await sleep(state.settles * 1000);
    await measure(lab, state);
    if (state.faults.length > 0) await lab.restore();
  }
}

async function measure(lab: Lab, state: State): Promise<void> {
  const contenders = {
    'diagnose (kubeconfig)': [process.execPath, binary, 'diagnose', '-o', 'json'],
    'diagnose (etcd certificate)': [process.execPath, binary, 'diagnose', '-o', 'json', ...etcd],
    'kubectl get --raw /readyz': ['kubectl', 'get', '--raw', '/readyz'],
    'by hand, 19 commands': ['sh', '-c', guideCommands.map((command) => `${command} >/dev/null 2>&1`).join('; ')],
  };
  const times = new Map<string, number[]>();
  for (let round = 0; round <= state.rounds; round++) {
    for (const [name, argv] of Object.entries(contenders)) {
      if (round === 0 && name.startsWith('by hand')) continue;
      const { seconds } = await lab.operatorExec(argv, options(lab));
      if (round > 0) times.set(name, [...(times.get(name) ?? []), seconds]);
    }
  }
  print(state, times);
}

function options(lab: Lab) {
  return { cwd: join(lab.folder, 'operator'), timeoutMs: 400_000, env: { HA_DOCTOR_MEMORY: 'off', NODE_EXTRA_CA_CERTS: '' } };
}

function print(state: State, times: ReadonlyMap<string, readonly number[]>): void {
  const byHand = median(times.get('by hand, 19 commands') ?? []);
  process.stdout.write(`${state.name} (goal: ${state.goal})\n`);
  for (const [name, seconds] of times) {
    const middle = median(seconds);
    process.stdout.write(`  ${name.padEnd(30)} ${middle.toFixed(2).padStart(7)} s   by hand / this: ${(byHand / middle).toFixed(1)}\n`);
  }
}

await main();
