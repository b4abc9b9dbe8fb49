// How are a master's static pods taken away, changed and brought back, and when has it really happened?
import { parse, stringify } from 'yaml';
import type { LabHandle } from './handle.ts';
import { isOnNode, moveOnNode, readOnNode, writeOnNode } from './node-files.ts';
import { waitUntil } from './processes.ts';
import { killProgram, processesNamed, restartPrograms, startService, stopService } from './services.ts';

export type Component = 'kube-apiserver' | 'kube-controller-manager' | 'kube-scheduler' | 'etcd';

const components: readonly Component[] = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'etcd'];

/** @throws Error when a word names no component. */
export function asComponent(word: string): Component {
  const found = components.find((component) => component === word);
  if (found === undefined) throw new Error(`component is one of ${components.join(', ')}, not '${word}'`);
  return found;
}

export interface Container {
  image: string;
  command: string[];
  env?: { name: string; value: string }[];
}

interface Manifest {
  readonly spec: { readonly containers: [Container] };
}

/** Drafts and copies kept inside the manifests folder would be started as pods. */
const parked = (file: string) => `/etc/kubernetes/lab-parked/${file}`;
const manifest = (component: Component) => `/etc/kubernetes/manifests/${component}.yaml`;

/**
 * Takes a manifest away and ends the process. The kubelet is stopped meanwhile: left to itself it takes up to a minute,
 * because it first deletes the mirror pod through the API server that is going.
 */
export async function removeStaticPod(lab: LabHandle, node: string, component: Component): Promise<void> {
  await stopService(lab, node, 'kubelet');
  if (await isOnNode(lab, node, manifest(component))) await moveOnNode(lab, node, manifest(component), parked(`${component}.yaml`));
  await killProgram(lab, node, component);
  await startService(lab, node, 'kubelet');
}

/** Brings a manifest back; the process starts within seconds. */
export async function returnStaticPod(lab: LabHandle, node: string, component: Component): Promise<void> {
  await stopService(lab, node, 'kubelet');
  if (await isOnNode(lab, node, parked(`${component}.yaml`))) await moveOnNode(lab, node, parked(`${component}.yaml`), manifest(component));
  await restartPrograms(lab, node, withDependents([component]));
}

/**
 * With etcd the API server beside it starts again too: the kubelet asks it before it starts anything, and one that
 * hangs without its etcd would hold the kubelet up for a minute.
 */
function withDependents(components: readonly Component[]): readonly Component[] {
  return components.includes('etcd') ? [...new Set<Component>([...components, 'kube-apiserver'])] : components;
}

/**
 * Changes the containers of static pods and waits until new processes run.
 * Components without a manifest on this machine are left out; the first state of each is kept for `undoEdits`.
 */
export async function editStaticPods(
  lab: LabHandle,
  node: string,
  components: readonly Component[],
  edit: (container: Container) => void,
): Promise<void> {
  const changed: Component[] = [];
  for (const component of components) if (await rewriteManifest(lab, node, component, edit)) changed.push(component);
  await restartInto(lab, node, changed);
}

/** The same for a change that no process survives: returns once the old one has ended. */
export async function breakStaticPod(
  lab: LabHandle,
  node: string,
  component: Component,
  edit: (container: Container) => void,
): Promise<void> {
  if (!(await rewriteManifest(lab, node, component, edit))) throw new Error(`${node} has no manifest of ${component}`);
  await restartPrograms(lab, node, [component]);
}

/** @returns whether there is such a manifest. */
async function rewriteManifest(lab: LabHandle, node: string, component: Component, edit: (container: Container) => void): Promise<boolean> {
  if (!(await isOnNode(lab, node, manifest(component)))) return false;
  const text = await readOnNode(lab, node, manifest(component));
  const original = parked(`${component}.original`);
  if (!(await isOnNode(lab, node, original))) await writeOnNode(lab, node, original, text);
  const document = parse(text) as Manifest;
  edit(document.spec.containers[0]);
  await writeOnNode(lab, node, parked(`${component}.edited`), stringify(document));
  await moveOnNode(lab, node, parked(`${component}.edited`), manifest(component));
  return true;
}

/** Puts the first state of edited manifests back and waits until new processes run. */
export async function undoEdits(lab: LabHandle, node: string, components: readonly Component[]): Promise<void> {
  const changed: Component[] = [];
  for (const component of components) {
    const original = parked(`${component}.original`);
    if (!(await isOnNode(lab, node, original))) continue;
    await moveOnNode(lab, node, original, manifest(component));
    changed.push(component);
  }
  await restartInto(lab, node, changed);
}

async function restartInto(lab: LabHandle, node: string, components: readonly Component[]): Promise<void> {
  if (components.length === 0) return;
  await restartPrograms(lab, node, withDependents(components));
  for (const component of components) {
    const started = await waitUntil(async () => (await processesNamed(lab, node, component)).length > 0, 120_000);
    if (!started) throw new Error(`${component} on ${node} was not started again within 120 s`);
  }
}
