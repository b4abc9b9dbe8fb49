// How do tests and the command line use a lab? Open one by its name, run commands in its places, break and mend it.
import { openHandle } from './handle.ts';
import type { LabHandle } from './handle.ts';
import { findMissing, waitHealthy } from './health.ts';
import { restoreLab } from './lifecycle.ts';

export { labSupport } from './support.ts';
export type { LabSupport } from './support.ts';
export type { Outcome, RunOptions } from './processes.ts';

export interface Lab extends LabHandle {
  /** One line per thing that is not healthy; empty when all is well. */
  findMissing(): Promise<string[]>;
  /** Waits until nothing is missing; returns the seconds it took. @throws Error with what is missing. */
  waitHealthy(timeoutMs?: number): Promise<number>;
  /** Goes back to the saved copy and waits until it is healthy; returns the seconds it took. */
  restore(): Promise<number>;
}

/** @throws Error when there is no lab of that name. */
export async function openLab(name: string): Promise<Lab> {
  const handle = await openHandle(name);
  return {
    ...handle,
    findMissing: () => findMissing(handle),
    waitHealthy: (timeoutMs) => waitHealthy(handle, timeoutMs),
    restore: async () => {
      const started = performance.now();
      await restoreLab(name, () => undefined);
      return (performance.now() - started) / 1000;
    },
  };
}
