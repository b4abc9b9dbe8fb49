// How does an existing lab stop, start again and go back to its saved copy?
import { isDeepStrictEqual } from 'node:util';
import { removeCgroups } from './cgroups.ts';
import { hasGoldenCopy, restoreDisks, saveGoldenCopy } from './golden.ts';
import { handleFor } from './handle.ts';
import type { LabHandle } from './handle.ts';
import { findMissing, waitHealthy } from './health.ts';
import { imageStoreFor } from './images.ts';
import { endLabProcesses } from './namespaces.ts';
import { operatorProcess, startNetwork } from './network.ts';
import { endNode, startNode } from './nodes.ts';
import type { NodeSources } from './nodes.ts';
import { labFolder, readRecord, writeRecord } from './state.ts';
import type { LabRecord } from './state.ts';
import { raiseInotifyLimit } from './support.ts';
import type { LabPlan } from './topology.ts';
import { buildLab, startBalancer } from './up.ts';
import type { Say } from './up.ts';

/** @throws Error when there is no finished lab of that name. */
async function finishedLab(name: string): Promise<{ record: LabRecord; lab: LabHandle }> {
  const folder = labFolder(name);
  const record = await readRecord(folder);
  if (record === undefined) throw new Error(`there is no lab '${name}'`);
  if (record.phase === 'building') throw new Error(`lab '${name}' was never finished; make it again with: lab up --name ${name}`);
  return { record, lab: handleFor(folder, record.plan, record.binaries) };
}

/**
 * A healthy lab of this shape: the one that runs, the one that was stopped, or a new one.
 * @throws Error when there is one of that name with another shape, or when one that runs is not healthy.
 */
export async function ensureLab(plan: LabPlan, say: Say): Promise<LabHandle> {
  const folder = labFolder(plan.name);
  const record = await readRecord(folder);
  if (record === undefined || record.phase === 'building') return buildLab(plan, say);
  if (!isDeepStrictEqual(record.plan, plan))
    throw new Error(`there is a lab '${plan.name}' of another shape; first: lab down --name ${plan.name}`);
  const running = record.phase === 'running' && (await operatorProcess(folder)) !== undefined;
  if (!running) return startLab(plan.name, say);
  const lab = handleFor(folder, plan, record.binaries);
  await waitHealthy(lab);
  return lab;
}

/** Ends every process of a lab; its disks stay. */
export async function stopLab(name: string): Promise<void> {
  const { record, lab } = await finishedLab(name);
  await endLabProcesses(lab.folder);
  await removeCgroups(name);
  await writeRecord(lab.folder, { ...record, phase: 'stopped' });
}

/** Starts a stopped lab with its disks as they are, and waits until it is healthy. */
async function startLab(name: string, say: Say): Promise<LabHandle> {
  const { record, lab } = await finishedLab(name);
  await endLabProcesses(lab.folder);
  await removeCgroups(name);
  await startMachines(lab, say);
  await waitHealthy(lab);
  await writeRecord(lab.folder, { ...record, phase: 'running', faults: [] });
  return lab;
}

/** Saves a healthy lab, so that `restoreLab` can come back to it. @throws Error naming what is not healthy. */
export async function saveLab(name: string): Promise<number> {
  const { lab } = await finishedLab(name);
  const missing = await findMissing(lab);
  if (missing.length > 0) throw new Error(`only a healthy lab is worth saving: ${missing.join('; ')}`);
  return saveGoldenCopy(lab);
}

/** Throws away what happened since the lab was saved, faults included, and waits until it is healthy. */
export async function restoreLab(name: string, say: Say): Promise<LabHandle> {
  const { record, lab } = await finishedLab(name);
  if (!(await hasGoldenCopy(lab)))
    throw new Error(`lab '${name}' has no saved copy; make one while it is healthy with: lab save --name ${name}`);
  await Promise.all(lab.nodes.map((node) => endNode(lab.folder, lab.plan, node.name)));
  await restoreDisks(lab);
  await startMachines(lab, say);
  await waitHealthy(lab);
  await writeRecord(lab.folder, { ...record, phase: 'running', faults: [] });
  return lab;
}

async function startMachines(lab: LabHandle, say: Say): Promise<void> {
  await raiseInotifyLimit(say);
  const imageStore = await imageStoreFor(lab.plan.release, lab.binaries, say);
  const operator = await startNetwork(lab.folder, lab.plan);
  const sources: NodeSources = { lab: lab.folder, plan: lab.plan, binaries: lab.binaries, imageStore, operator };
  say('starting machines');
  await Promise.all(lab.nodes.filter((node) => node.role !== 'lb').map((node) => startNode(sources, node)));
  const [first] = lab.masters;
  if (first !== undefined) await startBalancer(lab, sources, first);
  say('waiting until everything is healthy');
}
