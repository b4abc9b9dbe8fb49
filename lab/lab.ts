// How do tests and the command line use a lab? Open one by its name, run commands in its places, break and mend it.
import { faultNamed, healFaults, injectFault } from './fault.ts';
import { openHandle } from './handle.ts';
import type { LabHandle } from './handle.ts';
import { findMissing, waitHealthy } from './health.ts';
import { restoreLab } from './lifecycle.ts';
import { readRecord } from './state.ts';
import type { InjectedFault } from './state.ts';

export { ensureLab } from './lifecycle.ts';
export { planFromFlags, planFlags } from './plan-flags.ts';
export { labSupport } from './support.ts';
export type { LabSupport } from './support.ts';
export type { Outcome, RunOptions } from './processes.ts';

export interface Lab extends LabHandle {
  /** One line per thing that is not healthy; empty when all is well. */
  findMissing(): Promise<string[]>;
  /** Waits until nothing is missing; returns the seconds it took. @throws Error with what is missing. */
  waitHealthy(timeoutMs?: number): Promise<number>;
  /** Breaks something and returns when it is broken; it settles later, as the answer says. */
  inject(fault: string, target?: string, parameters?: Readonly<Record<string, string>>): Promise<Injection>;
  /** Mends one fault, all of one kind, or all. The cluster may need more time: waitHealthy. */
  heal(fault?: string, target?: string): Promise<void>;
  /** Goes back to the saved copy and waits until it is healthy; returns the seconds it took. */
  restore(): Promise<number>;
}

export interface Injection extends InjectedFault {
  readonly settles: { readonly seconds: number; readonly what: string };
}

/** @throws Error when there is no lab of that name. */
export async function openLab(name: string): Promise<Lab> {
  const handle = await openHandle(name);
  return {
    ...handle,
    findMissing: () => findMissing(handle),
    waitHealthy: (timeoutMs) => waitHealthy(handle, timeoutMs),
    inject: async (fault, target, parameters) => {
      const { settles } = await faultNamed(fault);
      return { ...(await injectFault(handle, fault, target, parameters)), settles };
    },
    heal: async (fault, target) => {
      const record = await readRecord(handle.folder);
      await healFaults(handle, record?.faults ?? [], fault, target);
    },
    restore: async () => {
      const started = performance.now();
      await restoreLab(name, () => undefined);
      return (performance.now() - started) / 1000;
    },
  };
}
