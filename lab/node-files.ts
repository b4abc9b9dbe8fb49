// How are a running machine's files reached from outside: through its own mounts, never below them?
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { LabHandle } from './handle.ts';
import { nodeProcess } from './nodes.ts';

/** The path as this machine's programs can open it. @throws Error when the node is off. */
export async function reachOnNode(lab: LabHandle, node: string, path: string): Promise<string> {
  const pid = await nodeProcess(lab.folder, node);
  if (pid === undefined) throw new Error(`${node} of lab '${lab.name}' is off`);
  return join(`/proc/${pid}/root`, path);
}

export async function isOnNode(lab: LabHandle, node: string, path: string): Promise<boolean> {
  return stat(await reachOnNode(lab, node, path)).then(
    () => true,
    () => false,
  );
}

export async function readOnNode(lab: LabHandle, node: string, path: string): Promise<string> {
  return readFile(await reachOnNode(lab, node, path), 'utf8');
}

/** Replaces a file by one rename, readable by root only. */
export async function writeOnNode(lab: LabHandle, node: string, path: string, text: string): Promise<void> {
  const file = await reachOnNode(lab, node, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(`${file}.draft`, text, { mode: 0o600 });
  await rename(`${file}.draft`, file);
}

export async function moveOnNode(lab: LabHandle, node: string, from: string, to: string): Promise<void> {
  const target = await reachOnNode(lab, node, to);
  await mkdir(dirname(target), { recursive: true });
  await rename(await reachOnNode(lab, node, from), target);
}
