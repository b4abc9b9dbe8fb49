// How is the lab's etcd filled with keys of its own, and emptied again?
import { setTimeout as sleep } from 'node:timers/promises';
import { etcdClientUrl } from './handle.ts';
import type { LabHandle } from './handle.ts';

export const prefix = '/ha-doctor-lab/filler/';
const megabyte = 1_000_000;
/** Writers beside each other: each is a process of its own, and most of its time it waits. */
const writers = 6;

/** One more value of a megabyte. @returns what etcd said against it, or nothing. */
export function putMegabyte(lab: LabHandle, key: string): Promise<string> {
  return lab.etcdctl(['put', `${prefix}${key}`], { input: 'x'.repeat(megabyte) }).then(
    () => '',
    (error: Error) => error.message,
  );
}

/** @throws Error with what etcd said when it refused one. */
export async function putMegabytes(lab: LabHandle, keys: readonly string[]): Promise<void> {
  const left = [...keys];
  const write = async (): Promise<void> => {
    for (let key = left.pop(); key !== undefined; key = left.pop()) {
      const refused = await putMegabyte(lab, key);
      if (refused !== '') throw new Error(refused);
    }
  };
  await Promise.all(Array.from({ length: writers }, write));
}

export async function waitForAlarm(lab: LabHandle): Promise<void> {
  for (let tries = 0; tries < 20; tries++) {
    if ((await lab.etcdctl(['alarm', 'list'])).includes('NOSPACE')) return;
    await sleep(500);
  }
  throw new Error('etcd refuses to write and lists no alarm NOSPACE');
}

/** Drops all history, which gives room inside the file and leaves it as large as it is. */
export async function compact(lab: LabHandle): Promise<void> {
  const status = JSON.parse(await lab.etcdctl(['endpoint', 'status', '--write-out=json'])) as {
    readonly Status: { readonly header: { readonly revision: number } };
  }[];
  await lab.etcdctl(['compact', '--physical', String(Math.max(...status.map((entry) => entry.Status.header.revision)))]);
}

export async function defragment(lab: LabHandle): Promise<void> {
  for (const node of lab.etcdNodes) await lab.etcdctl(['defrag', '--command-timeout=30s'], { endpoints: [etcdClientUrl(node)] });
}

/** Deletes what the faults wrote, and gives its room back. Deleting is allowed under the alarm. */
export async function giveBack(lab: LabHandle): Promise<void> {
  await lab.etcdctl(['del', '--prefix', prefix]);
  await compact(lab);
  await defragment(lab);
}
