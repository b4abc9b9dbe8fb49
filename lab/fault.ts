// What is a fault, which ones are there, and how is one put into a lab and taken out again?
import { readdir } from 'node:fs/promises';
import { basename } from 'node:path';
import { cutBackOffShort } from './aftercare.ts';
import { findLeader } from './etcd.ts';
import type { LabHandle } from './handle.ts';
import { updateRecord } from './state.ts';
import type { InjectedFault } from './state.ts';
import type { NodePlan } from './topology.ts';

/** Where a fault can strike; `cluster` faults need no target. */
export type Place = 'master' | 'etcd' | 'kubelet' | 'machine' | 'lb' | 'cluster';

export interface Parameter {
  readonly means: string;
  readonly default: string;
}

export interface Fault<Name extends string = string> {
  /** As on the command line and the same as its file's name. */
  readonly name: string;
  /** One line: what is broken afterwards. */
  readonly breaks: string;
  readonly place: Place;
  readonly parameters: Readonly<Record<Name, Parameter>>;
  /** Breaks it and returns when it is broken. */
  inject(lab: LabHandle, target: NodePlan, values: Readonly<Record<Name, string>>): Promise<void>;
  /** Takes the cause away and returns; the cluster may need more time. Works too when `inject` ended half-way. */
  heal(lab: LabHandle, target: NodePlan, values: Readonly<Record<Name, string>>): Promise<void>;
  /** Nothing tells of it once it is healed and the lab is healthy: no counter, no restart, no moved lead. */
  readonly leavesNoTrace?: true;
  /** After how many seconds nothing new appears any more, and what the last thing is. */
  readonly settles: { readonly seconds: number; readonly what: string };
}

/** Keeps the names of the parameters in `inject` and `heal` to those that are declared. */
export function defineFault<Name extends string>(fault: Fault<Name>): Fault {
  return fault as unknown as Fault;
}

const folder = new URL('faults/', import.meta.url);

/** All faults, found by their files. @throws Error when a file's name is not its fault's. */
export async function loadFaults(): Promise<Fault[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.ts')).sort();
  return Promise.all(
    files.map(async (file) => {
      const module = (await import(new URL(file, folder).href)) as { readonly default: Fault };
      if (module.default.name !== basename(file, '.ts')) throw new Error(`lab/faults/${file} calls itself ${module.default.name}`);
      return module.default;
    }),
  );
}

/** @throws Error listing the faults there are. */
export async function faultNamed(name: string): Promise<Fault> {
  const faults = await loadFaults();
  const found = faults.find((fault) => fault.name === name);
  if (found !== undefined) return found;
  throw new Error(`there is no fault '${name}'; there are ${faults.map((fault) => fault.name).join(', ')}`);
}

function candidates(lab: LabHandle, place: Place): readonly NodePlan[] {
  switch (place) {
    case 'master':
    case 'cluster':
      return lab.masters;
    case 'etcd':
      return lab.etcdNodes;
    case 'kubelet':
      return lab.nodes.filter((node) => node.role === 'master' || node.role === 'worker');
    case 'lb':
      return lab.nodes.filter((node) => node.role === 'lb');
    case 'machine':
      return lab.nodes;
  }
}

/** The machine that is meant: its name, or `leader` for where the etcd leader is. */
async function resolveTarget(lab: LabHandle, fault: Fault, target: string | undefined): Promise<NodePlan> {
  const possible = candidates(lab, fault.place);
  if (target === 'leader') return findLeader(lab);
  const [only] = possible;
  if (target === undefined && only !== undefined && (fault.place === 'lb' || fault.place === 'cluster')) return only;
  const found = possible.find((node) => node.name === target);
  if (found !== undefined) return found;
  const names = possible.map((node) => node.name).join(', ');
  if (possible.length === 0) throw new Error(`lab '${lab.name}' has nothing that ${fault.name} could break`);
  throw new Error(`${fault.name} needs one of ${names}${fault.place === 'etcd' ? ' or leader' : ''} as its target`);
}

function completeValues(fault: Fault, given: Readonly<Record<string, string>>): Record<string, string> {
  for (const name of Object.keys(given)) {
    if (!(name in fault.parameters))
      throw new Error(`${fault.name} has no parameter '${name}'; it has ${Object.keys(fault.parameters).join(', ') || 'none'}`);
  }
  const defaults = Object.entries(fault.parameters).map(([name, parameter]) => [name, parameter.default]);
  return { ...Object.fromEntries(defaults), ...given };
}

/** Breaks a lab. It is remembered before it is done, so that half a fault can be healed as well. */
export async function injectFault(
  lab: LabHandle,
  name: string,
  target?: string,
  given: Readonly<Record<string, string>> = {},
): Promise<InjectedFault> {
  const fault = await faultNamed(name);
  const node = await resolveTarget(lab, fault, target);
  const parameters = completeValues(fault, given);
  const injected: InjectedFault = { fault: name, target: node.name, parameters, since: new Date().toISOString() };
  await updateRecord(lab.folder, (record) => ({
    ...record,
    faults: [...record.faults.filter((known) => !isSame(known, injected)), injected],
  }));
  await fault.inject(lab, node, parameters);
  return injected;
}

function isSame(one: InjectedFault, other: InjectedFault): boolean {
  return one.fault === other.fault && one.target === other.target;
}

/**
 * Mends what was broken, the latest first: all of it, all of one kind, or one.
 * @returns what was mended.
 */
export async function healFaults(
  lab: LabHandle,
  known: readonly InjectedFault[],
  name?: string,
  target?: string,
): Promise<InjectedFault[]> {
  const chosen = known
    .filter((one) => (name === undefined || one.fault === name) && (target === undefined || one.target === target))
    .reverse();
  if (chosen.length === 0 && name !== undefined)
    throw new Error(`${[name, target].filter(Boolean).join(' ')} is not broken in lab '${lab.name}'`);
  for (const injected of chosen) {
    const fault = await faultNamed(injected.fault);
    await fault.heal(lab, lab.node(injected.target), injected.parameters);
    await updateRecord(lab.folder, (record) => ({ ...record, faults: record.faults.filter((one) => !isSame(one, injected)) }));
  }
  if (chosen.length > 0 && chosen.length === known.length) await cutBackOffShort(lab);
  return chosen;
}
