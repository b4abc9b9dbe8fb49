// How is a whole lab brought up, and how is it ended without leaving anything behind?
import { mkdir, rm } from 'node:fs/promises';
import { binariesFor } from './binaries.ts';
import { removeCgroups } from './cgroups.ts';
import { fetchEnvoy } from './envoy-binary.ts';
import { makeOtherCredentials, takeAdminCredentials } from './credentials.ts';
import { saveGoldenCopy } from './golden.ts';
import { handleFor } from './handle.ts';
import type { LabHandle } from './handle.ts';
import { waitHealthy } from './health.ts';
import { imageStoreFor } from './images.ts';
import { initialise, joinNode, makeAuthorities, makeToken, prepareExternalEtcd } from './kubeadm.ts';
import { endLabProcesses } from './namespaces.ts';
import { startNetwork } from './network.ts';
import { startNode } from './nodes.ts';
import type { NodeSources } from './nodes.ts';
import { endProcesses, processIdentity, processOf, waitUntil } from './processes.ts';
import { labFolder, readRecord, writeRecord } from './state.ts';
import type { LabRecord } from './state.ts';
import { raiseInotifyLimit } from './support.ts';
import { apiServerPort } from './topology.ts';
import type { LabPlan, NodePlan } from './topology.ts';

export type Say = (line: string) => void;

/**
 * Makes a lab from nothing and waits until it is healthy. The rest of an interrupted try is removed first.
 * @throws Error when a lab of that name is there already or another process is just building it.
 */
export async function buildLab(plan: LabPlan, say: Say): Promise<LabHandle> {
  const folder = labFolder(plan.name);
  const before = await readRecord(folder);
  const builder = before === undefined ? undefined : await builderOf(before);
  if (builder !== undefined) throw new Error(`process ${builder} is building lab '${plan.name}' right now`);
  const binaries = await binariesFor(plan.release, say);
  const imageStore = await imageStoreFor(plan.release, binaries, say);
  if (plan.loadBalancer === 'envoy') await fetchEnvoy(say);
  await raiseInotifyLimit(say);
  await removeLab(plan.name);
  await mkdir(folder, { recursive: true });
  const record = { plan, binaries, faults: [] };
  await writeRecord(folder, { ...record, phase: 'building', builder: (await processIdentity(process.pid)) ?? '' });
  const lab = handleFor(folder, plan, binaries);
  const operator = await startNetwork(folder, plan);
  await buildCluster(lab, { lab: folder, plan, binaries, imageStore, operator }, say);
  await waitHealthy(lab);
  await saveGoldenCopy(lab);
  await waitHealthy(lab);
  await writeRecord(folder, { ...record, phase: 'running' });
  return lab;
}

async function buildCluster(lab: LabHandle, sources: NodeSources, say: Say): Promise<void> {
  const [first, ...furtherMasters] = lab.masters;
  if (first === undefined) throw new Error('a lab needs a master');
  const token = makeToken();
  say('starting machines');
  const machines = lab.nodes.filter((node) => node.role !== 'lb');
  await Promise.all(machines.map((node) => startNode(sources, node)));
  await Promise.all([makeAuthorities(lab, first, token), ...(lab.plan.etcd === 'external' ? [prepareExternalEtcd(lab, first)] : [])]);
  say(`${first.name}: kubeadm init`);
  await Promise.all([initialise(lab, first), startBalancer(lab, sources, first)]);
  await takeAdminCredentials(lab, first);
  const workers = lab.nodes.filter((node) => node.role === 'worker');
  say(`${[...furtherMasters, ...workers].map((node) => node.name).join(' ')}: kubeadm join`);
  const joins = [...furtherMasters, ...workers].map((node) => joinNode(lab, first, node, token));
  await Promise.all([...joins, makeOtherCredentials(lab, first)]);
  say('waiting until everything is healthy');
}

/** HAProxy starts when the first API server is ready, so that it does not have to rise from DOWN. */
export async function startBalancer(lab: LabHandle, sources: NodeSources, master: NodePlan): Promise<void> {
  const balancers = lab.nodes.filter((node) => node.role === 'lb');
  if (balancers.length === 0) return;
  const ask = ['kubectl', `--server=https://${master.address}:${apiServerPort}`, 'get', '--raw=/readyz', '--request-timeout=2s'];
  await waitUntil(async () => (await lab.nodeExec(master.name, ask, { timeoutMs: 4000 })).stdout === 'ok', 60_000, 200);
  await Promise.all(balancers.map((balancer) => startNode(sources, balancer)));
}

/** The process that is still building a lab, or undefined. */
export async function builderOf(record: LabRecord): Promise<number | undefined> {
  if (record.phase !== 'building' || record.builder === undefined) return undefined;
  const builder = await processOf(record.builder);
  return builder === process.pid ? undefined : builder;
}

/** Ends a lab, and who is just building it, and removes everything of it; does nothing when there is none. */
export async function removeLab(name: string): Promise<void> {
  const folder = labFolder(name);
  const record = await readRecord(folder);
  const builder = record === undefined ? undefined : await builderOf(record);
  if (builder !== undefined) await endProcesses([builder]);
  await endLabProcesses(folder);
  await removeCgroups(name);
  await rm(folder, { recursive: true, force: true });
}
