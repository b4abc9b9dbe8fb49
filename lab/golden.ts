// How is a healthy lab put aside and brought back, when healing a fault would take longer?
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { LabHandle } from './handle.ts';
import { runOrFail } from './processes.ts';

/** What a machine cannot make again by itself. Containers and images come fresh from the cache. */
const kept = ['etcd', 'kubelet', 'kubernetes'];
const rebuilt = ['containerd', 'logs'];

/**
 * Copies every machine's disk while all etcd members are halted for a moment, which is what a power cut would leave.
 * @returns the seconds etcd was halted.
 */
export async function saveGoldenCopy(lab: LabHandle): Promise<number> {
  const draft = `${lab.paths.golden}.new`;
  await rm(draft, { recursive: true, force: true });
  const started = performance.now();
  try {
    await signalEtcd(lab, 'STOP');
    await Promise.all(machines(lab).map((name) => copyDisk(join(lab.paths.node(name), 'disk'), join(draft, name))));
  } finally {
    await signalEtcd(lab, 'CONT');
  }
  const seconds = (performance.now() - started) / 1000;
  await rm(lab.paths.golden, { recursive: true, force: true });
  await rename(draft, lab.paths.golden);
  return seconds;
}

export async function hasGoldenCopy(lab: LabHandle): Promise<boolean> {
  return exists(lab.paths.golden);
}

/** Puts the saved disks back; the machines must be off. @throws Error when nothing was saved. */
export async function restoreDisks(lab: LabHandle): Promise<void> {
  if (!(await hasGoldenCopy(lab))) throw new Error(`lab '${lab.name}' has no saved copy; make one while it is healthy with: lab save`);
  await Promise.all(
    machines(lab).map(async (name) => {
      const disk = join(lab.paths.node(name), 'disk');
      for (const part of [...kept, ...rebuilt]) await rm(join(disk, part), { recursive: true, force: true });
      await copyDisk(join(lab.paths.golden, name), disk);
    }),
  );
}

function machines(lab: LabHandle): string[] {
  return lab.nodes.filter((node) => node.role !== 'lb').map((node) => node.name);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function copyDisk(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const part of kept) {
    if (await exists(join(from, part))) await runOrFail(['cp', '--archive', '--reflink=auto', '--sparse=always', join(from, part), to]);
  }
  // Pods are named again by the kubelet; their old folders would only confuse it.
  await rm(join(to, 'kubelet', 'pods'), { recursive: true, force: true });
}

async function signalEtcd(lab: LabHandle, signal: 'STOP' | 'CONT'): Promise<void> {
  await Promise.all(lab.etcdNodes.map((node) => lab.nodeExec(node.name, ['busybox', 'pkill', `-${signal}`, '-x', 'etcd'])));
}
