// How does the rest of the lab talk to one lab: its plan, its paths, and commands run in its places?
import { basename, join } from 'node:path';
import { asOperator, operatorProcess } from './network.ts';
import { insideNode, nodeProcess } from './nodes.ts';
import { runCommand } from './processes.ts';
import type { Outcome, RunOptions } from './processes.ts';
import { labFolder, pathsOf, readRecord } from './state.ts';
import type { LabPaths } from './state.ts';
import { etcdNodesOf, mastersOf, nodesOf } from './topology.ts';
import type { LabPlan, NodePlan } from './topology.ts';

export interface LabHandle {
  readonly name: string;
  readonly folder: string;
  readonly paths: LabPaths;
  readonly plan: LabPlan;
  readonly binaries: string;
  readonly nodes: readonly NodePlan[];
  readonly masters: readonly NodePlan[];
  /** The machines with an etcd member: the masters, or machines of their own. */
  readonly etcdNodes: readonly NodePlan[];
  /** The node of that name. @throws Error listing the names there are. */
  node(name: string): NodePlan;
  /** Runs a command of this machine's file system at the operator's place, KUBECONFIG set to the lab's. */
  operatorExec(argv: readonly string[], options?: RunOptions): Promise<Outcome>;
  /** Runs a command inside a machine. @throws Error when the machine is off. */
  nodeExec(node: string, argv: readonly string[], options?: RunOptions): Promise<Outcome>;
  /** Standard output of kubectl with the lab's admin certificate. @throws Error when it fails. */
  kubectl(args: readonly string[], options?: RunOptions): Promise<string>;
  /** Standard output of etcdctl against all members. @throws Error when it fails. */
  etcdctl(args: readonly string[], options?: EtcdctlOptions): Promise<string>;
}

export interface EtcdctlOptions extends RunOptions {
  /** Client URLs; all members' when left out. */
  readonly endpoints?: readonly string[];
}

/** @throws Error when there is no lab of that name. */
export async function openHandle(name: string): Promise<LabHandle> {
  const folder = labFolder(name);
  const record = await readRecord(folder);
  if (record === undefined) throw new Error(`there is no lab '${name}'; make it with: lab up --name ${name}`);
  return handleFor(folder, record.plan, record.binaries);
}

export function handleFor(folder: string, plan: LabPlan, binaries: string): LabHandle {
  const paths = pathsOf(folder);
  const nodes = nodesOf(plan);
  const etcdNodes = etcdNodesOf(plan);
  const operatorExec = async (argv: readonly string[], options: RunOptions = {}) => {
    const operator = await operatorProcess(folder);
    if (operator === undefined) throw new Error(`lab '${plan.name}' does not run; start it with: lab up --name ${plan.name}`);
    const env = { ...operatorEnvironment(paths, binaries), ...options.env };
    return runCommand(asOperator(operator, argv, options.cwd), { ...options, env });
  };
  const mustWork = async (argv: readonly string[], options: RunOptions) => {
    const outcome = await operatorExec(argv, { timeoutMs: 30_000, ...options });
    if (outcome.code === 0) return outcome.stdout;
    const [program = '', ...words] = argv.filter((word) => !word.startsWith('--'));
    const said = (outcome.stderr.trim() || outcome.stdout.trim()).split('\n').at(-1) ?? '';
    throw new Error(`${[basename(program), ...words].join(' ')} ended with ${outcome.code}: ${said}`);
  };
  return {
    name: plan.name,
    folder,
    paths,
    plan,
    binaries,
    nodes,
    masters: mastersOf(plan),
    etcdNodes,
    operatorExec,
    node: (name) => findNode(nodes, name),
    nodeExec: async (name, argv, options = {}) => {
      const pid = await nodeProcess(folder, findNode(nodes, name).name);
      if (pid === undefined) throw new Error(`${name} of lab '${plan.name}' is off`);
      return runCommand(insideNode(pid, argv), { ...options, env: { ...nodeEnvironment(), ...options.env } });
    },
    kubectl: (args, options = {}) =>
      mustWork([join(binaries, 'kubectl'), `--kubeconfig=${paths.kubeconfig}`, '--cache-dir=/dev/null', ...args], options),
    etcdctl: (args, { endpoints, ...options } = {}) =>
      mustWork(
        [
          join(binaries, 'etcdctl'),
          `--cacert=${paths.etcdCa}`,
          `--cert=${paths.etcdCertificate}`,
          `--key=${paths.etcdKey}`,
          `--endpoints=${(endpoints ?? etcdNodes.map(etcdClientUrl)).join(',')}`,
          ...args,
        ],
        options,
      ),
  };
}

export function etcdClientUrl(node: NodePlan): string {
  return `https://${node.address}:2379`;
}

function findNode(nodes: readonly NodePlan[], name: string): NodePlan {
  const found = nodes.find((node) => node.name === name);
  if (found === undefined) throw new Error(`the lab has no node '${name}'; it has ${nodes.map((node) => node.name).join(', ')}`);
  return found;
}

/** This process's environment without what would lead a tool away from the lab. */
export function operatorEnvironment(paths: LabPaths, binaries: string): Record<string, string> {
  const foreign = /^(https?_proxy|no_proxy|all_proxy|etcdctl_.*|kubeconfig|node_extra_ca_certs)$/i;
  const kept = Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined && !foreign.test(entry[0]));
  const own = Object.fromEntries(kept);
  return { ...own, PATH: `${binaries}:${own['PATH'] ?? '/usr/bin:/bin'}`, KUBECONFIG: paths.kubeconfig };
}

/** What root finds after logging in on a machine. */
export function nodeEnvironment(): Record<string, string> {
  const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  return { PATH: path, HOME: '/root', LANG: 'C.UTF-8', TERM: process.env['TERM'] ?? 'dumb', KUBECONFIG: '/etc/kubernetes/admin.conf' };
}
