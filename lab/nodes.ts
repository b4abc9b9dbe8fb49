// How is one machine of a lab started, entered and ended?
import { cp, mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createCgroup, removeCgroups } from './cgroups.ts';
import { containerdConfig, podNetworkConfig } from './containerd.ts';
import { envoyConfig, envoyConfigFile } from './envoy.ts';
import { envoyFolder } from './envoy-binary.ts';
import { etcdConfig } from './external-etcd.ts';
import { haproxyConfig, haproxyConfigFile } from './haproxy.ts';
import { keepalivedConfig, keepalivedConfigFile } from './keepalived.ts';
import { nginxConfig, nginxConfigFile } from './nginx.ts';
import { copyImageStore } from './images.ts';
import { auditPolicy, auditPolicyFolder } from './kubeadm-config.ts';
import { endHolder, enter, everyNamespace, holderOf, startHolder } from './namespaces.ts';
import { connectNode } from './network.ts';
import { waitUntil } from './processes.ts';
import { pathsOf } from './state.ts';
import { hostsFile, mastersOf } from './topology.ts';
import type { LabPlan, NodePlan } from './topology.ts';

const script = fileURLToPath(new URL('node/boot.sh', import.meta.url));

/** What a machine needs besides its place in the plan. */
export interface NodeSources {
  readonly lab: string;
  readonly plan: LabPlan;
  readonly binaries: string;
  readonly imageStore: string;
  /** Process that holds the operator's network. */
  readonly operator: number;
}

function pidFile(lab: string, node: string): string {
  return join(pathsOf(lab).node(node), 'pid');
}

/** Files that are laid over the machine's root at each start, by their path there. */
function nodeFiles(plan: LabPlan, node: NodePlan): Record<string, string> {
  const common = {
    '/etc/hosts': hostsFile(plan, node),
    '/etc/hostname': `${node.name}\n`,
    '/etc/resolv.conf': '# no name server in the lab\n',
  };
  if (node.role === 'lb') return { ...common, ...balancerFiles(plan, node) };
  if (node.role === 'etcd') return { ...common, '/etc/etcd/etcd.yaml': etcdConfig(plan, node) };
  const last = node.address.split('.')[3] ?? '0';
  const machine = {
    ...common,
    '/etc/containerd/config.toml': containerdConfig(plan.release),
    '/etc/cni/net.d/10-lab.conflist': podNetworkConfig(`10.90.${last}.0/24`),
  };
  return node.role === 'master' ? { ...machine, [`${auditPolicyFolder}/policy.yaml`]: auditPolicy() } : machine;
}

/** The services of a load balancer are listed in a file of their own, which boot.sh reads. */
function balancerFiles(plan: LabPlan, node: NodePlan): Record<string, string> {
  const service = plan.loadBalancer === 'none' ? 'haproxy' : plan.loadBalancer;
  const proxy = {
    haproxy: () => ({ [haproxyConfigFile]: haproxyConfig(mastersOf(plan)) }),
    nginx: () => ({ [nginxConfigFile]: nginxConfig(mastersOf(plan)) }),
    envoy: () => ({ [envoyConfigFile]: envoyConfig(mastersOf(plan)) }),
  }[service]();
  if (!plan.vip) return { ...proxy, '/etc/lab-services': `${service}\n` };
  return { ...proxy, [keepalivedConfigFile]: keepalivedConfig(plan, node), '/etc/lab-services': `${service} keepalived\n` };
}

/**
 * Starts a machine with what its disk holds; a machine without a disk gets an empty one with the images on it.
 * @returns its first process. Services come up on their own afterwards.
 */
export async function startNode(sources: NodeSources, node: NodePlan): Promise<number> {
  const folder = pathsOf(sources.lab).node(node.name);
  await rm(join(folder, 'layers'), { recursive: true, force: true });
  await rm(join(folder, 'files'), { recursive: true, force: true });
  for (const [path, text] of Object.entries(nodeFiles(sources.plan, node))) {
    const file = join(folder, 'files', path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
  if (node.role === 'master' || node.role === 'worker') await prepareContainers(sources, node, join(folder, 'disk', 'containerd'));
  const pid = await startHolder({
    lab: sources.lab,
    script,
    namespaces: ['--net', ...everyNamespace.filter((name) => name !== '--net'), '--mount-proc'],
    env: {
      HA_DOCTOR_LAB_NODE: node.name,
      HA_DOCTOR_LAB_NODE_FOLDER: folder,
      HA_DOCTOR_LAB_ROLE: node.role,
      HA_DOCTOR_LAB_BINARIES: binaryFolders(sources, node),
    },
    pidFile: pidFile(sources.lab, node.name),
    logFile: join(folder, 'boot.log'),
  });
  const booted = await waitUntil(() => stat(`/proc/${pid}/root/run/lab/mounted`).then(() => true), 10_000, 20);
  if (!booted) throw new Error(`${node.name} did not start; see ${join(folder, 'boot.log')}`);
  await connectNode(sources.operator, node, pid);
  return pid;
}

/** As lower layers of an overlay: boot.sh lays all of them over /usr/local/bin. */
function binaryFolders({ plan, binaries }: NodeSources, { role }: NodePlan): string {
  return role === 'lb' && plan.loadBalancer === 'envoy' ? `${envoyFolder()}:${binaries}` : binaries;
}

async function prepareContainers(sources: NodeSources, node: NodePlan, disk: string): Promise<void> {
  await createCgroup(sources.plan.name, node.name);
  const present = await stat(disk).then(
    () => true,
    () => false,
  );
  if (!present) {
    await mkdir(dirname(disk), { recursive: true });
    await copyImageStore(sources.imageStore, disk);
  }
}

/** The machine's first process, or undefined when it is off. */
export function nodeProcess(lab: string, node: string): Promise<number | undefined> {
  return holderOf(lab, pidFile(lab, node));
}

/** Arguments that run a command inside a machine. */
export function insideNode(pid: number, argv: readonly string[]): string[] {
  return enter(pid, everyNamespace, argv);
}

/** Pulls a machine's plug: everything in it ends at once, its disk stays. */
export async function endNode(lab: string, plan: LabPlan, node: string): Promise<void> {
  await endHolder(lab, pidFile(lab, node));
  await removeCgroups(plan.name, node);
}

/** Copies files from one machine's disk to another's, such as the cluster's certificate authorities. */
export async function copyBetweenDisks(lab: string, from: string, to: string, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const target = join(pathsOf(lab).node(to), 'disk', path);
    await mkdir(dirname(target), { recursive: true });
    await cp(join(pathsOf(lab).node(from), 'disk', path), target);
  }
}
