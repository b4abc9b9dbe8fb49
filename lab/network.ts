// How are a lab's machines wired together without touching this machine's own network?
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { enter, holderOf, startHolder } from './namespaces.ts';
import { runCommand, runOrFail, waitUntil } from './processes.ts';
import { pathsOf } from './state.ts';
import { hostsFile, operatorAddress, prefixLength } from './topology.ts';
import type { LabPlan, NodePlan } from './topology.ts';

const script = fileURLToPath(new URL('node/operator.sh', import.meta.url));

function pidFile(lab: string): string {
  return join(pathsOf(lab).operator, 'pid');
}

/** Starts the operator's place: a network namespace with the bridge in it. Keeps the one that runs. */
export async function startNetwork(lab: string, plan: LabPlan): Promise<number> {
  const running = await operatorProcess(lab);
  if (running !== undefined) return running;
  const paths = pathsOf(lab);
  await mkdir(paths.operator, { recursive: true });
  await writeFile(paths.hosts, hostsFile(plan));
  const pid = await startHolder({
    lab,
    script,
    namespaces: ['--net', '--mount', '--propagation', 'slave'],
    env: { HA_DOCTOR_LAB_HOSTS: paths.hosts, HA_DOCTOR_LAB_ADDRESS: `${operatorAddress}/${prefixLength}` },
    pidFile: pidFile(lab),
    logFile: join(paths.operator, 'operator.log'),
  });
  const ready = await waitUntil(
    async () => {
      const state = await runOrFail(enter(pid, ['--net'], ['ip', '-oneline', 'link', 'show', 'bridge0', 'up']));
      return state.includes('bridge0');
    },
    5000,
    20,
  );
  if (!ready) throw new Error(`the lab's bridge did not come up; see ${join(paths.operator, 'operator.log')}`);
  return pid;
}

/** The process whose namespaces are the operator's, or undefined when the lab does not run. */
export function operatorProcess(lab: string): Promise<number | undefined> {
  return holderOf(lab, pidFile(lab));
}

/** Arguments that run a command of this machine's file system at the operator's place. */
export function asOperator(operator: number, argv: readonly string[], folder = process.cwd()): string[] {
  return enter(operator, ['--net', '--mount'], argv, folder);
}

/** Plugs a machine into the bridge; its card exists as long as its network namespace does. */
export async function connectNode(operator: number, node: NodePlan, pid: number): Promise<void> {
  const inOperator = (argv: readonly string[]) => runOrFail(enter(operator, ['--net'], argv));
  const inNode = (argv: readonly string[]) => runOrFail(enter(pid, ['--net'], argv));
  const link = `to-${node.name}`;
  // The card of a machine that ended a moment ago may still be there.
  await runCommand(enter(operator, ['--net'], ['ip', 'link', 'delete', link]));
  await inOperator(['ip', 'link', 'add', link, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(pid)]);
  await inOperator(['ip', 'link', 'set', link, 'master', 'bridge0', 'up']);
  await inNode(['ip', 'link', 'set', 'lo', 'up']);
  await inNode(['ip', 'link', 'set', 'eth0', 'up']);
  await inNode(['ip', 'address', 'add', `${node.address}/${prefixLength}`, 'dev', 'eth0']);
}
