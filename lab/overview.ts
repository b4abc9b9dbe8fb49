// What should someone know about the labs that are on this machine?
import { relative } from 'node:path';
import { loadFaults } from './fault.ts';
import type { Place } from './fault.ts';
import { openHandle } from './handle.ts';
import { findMissing } from './health.ts';
import { operatorProcess } from './network.ts';
import { labFolder, labNames, readRecord } from './state.ts';
import type { LabRecord } from './state.ts';
import { builderOf } from './up.ts';

type Print = (line: string) => void;

/** Prints one line per lab. */
export async function listLabs(print: Print): Promise<void> {
  for (const name of await labNames()) {
    const folder = labFolder(name);
    const record = await readRecord(folder);
    print(record === undefined ? `${name}  rest of an interrupted start` : `${name}  ${await phaseOf(folder, record)}  ${summary(record)}`);
  }
}

async function phaseOf(folder: string, record: LabRecord): Promise<string> {
  if (record.phase === 'building') return (await builderOf(record)) !== undefined ? 'building' : 'interrupted';
  return (await operatorProcess(folder)) === undefined ? 'stopped' : 'running';
}

function summary({ plan, faults }: LabRecord): string {
  const parts = [`${plan.masters} masters`, `${plan.workers} workers`, `${plan.etcd} etcd`, `Kubernetes ${plan.release.kubernetes}`];
  if (plan.loadBalancer === 'none') parts.push('no HAProxy');
  if (plan.loadBalancer === 'nginx') parts.push('Nginx');
  if (plan.loadBalancer === 'envoy') parts.push('Envoy');
  if (plan.vip) parts.push('two load balancers with keepalived');
  if (plan.keys !== undefined) parts.push(plan.keys);
  if (plan.authorityDays !== undefined) parts.push(`authorities for ${plan.authorityDays} days`);
  for (const fault of faults) parts.push(`broken: ${[fault.fault, fault.target].join(' ').trim()}`);
  return parts.join(', ');
}

/** Prints a lab's state. @returns 0 when it is healthy, 1 when not. */
export async function describeLab(name: string, print: Print): Promise<number> {
  const folder = labFolder(name);
  const record = await readRecord(folder);
  if (record === undefined) throw new Error(`there is no lab '${name}'`);
  const phase = await phaseOf(folder, record);
  print(`${name}: ${phase}, ${summary(record)}`);
  const lab = await openHandle(name);
  for (const [path, what] of [
    [lab.paths.kubeconfig, 'administrator'],
    [lab.paths.viewKubeconfig, 'may only look'],
    [lab.paths.expiredKubeconfig, 'certificate has ended'],
    [
      lab.paths.etcdCertificate,
      `etcd client; ${relative(lab.paths.operator, lab.paths.etcdKey)} and ${relative(lab.paths.operator, lab.paths.etcdCa)} beside it`,
    ],
  ])
    print(`  ${path}  (${what})`);
  if (phase !== 'running') return 1;
  const missing = await findMissing(lab);
  print(missing.length === 0 ? '  healthy' : missing.map((line) => `  ${line}`).join('\n'));
  return missing.length === 0 ? 0 : 1;
}

const targets: Readonly<Record<Place, string>> = {
  master: 'a master',
  etcd: 'a machine with an etcd member, or leader',
  kubelet: 'a master or worker',
  machine: 'any machine',
  lb: 'none needed',
  cluster: 'none needed',
};

/** Prints every fault with its parameters. */
export async function listFaults(print: Print): Promise<void> {
  for (const fault of await loadFaults()) {
    print(`${fault.name.padEnd(24)}${fault.breaks}`);
    print(`${' '.repeat(24)}target: ${targets[fault.place]}; settles after ${fault.settles.seconds} s`);
    for (const [name, parameter] of Object.entries(fault.parameters))
      print(`${' '.repeat(24)}${name}=${parameter.default}  ${parameter.means}`);
  }
}
