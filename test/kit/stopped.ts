// When has a process that was told to stop really stopped?
import type { ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** SIGSTOP reaches one thread after the other: until all have it, one may still answer. @throws Error when that takes over 15 s. */
export async function stopWhole(child: ChildProcess): Promise<void> {
  child.kill('SIGSTOP');
  for (let tries = 0; !isStopped(child.pid); tries++) {
    if (tries > 300) throw new Error(`process ${child.pid} still runs`);
    await sleep(50);
  }
}

function isStopped(pid: number | undefined): boolean {
  return readdirSync(`/proc/${pid}/task`).every((thread) => /^State:\tT/m.test(readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8')));
}
