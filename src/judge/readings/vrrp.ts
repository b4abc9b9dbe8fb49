// Would the virtual address leave a machine whose load balancer has died?
import type { KeepalivedConfig, VrrpInstance } from '../../model/balancer.ts';

/** Highest priority that weights can raise an instance to, and the lowest (man keepalived.conf: 254 and 1). */
const [most, least] = [254, 1];

export interface Tracked {
  readonly name: string;
  readonly weight: number;
  /** Seconds until a failure counts. */
  readonly delay: number;
}

/** Scripts and processes an instance tracks, with the weights that count: its own before the script's. */
export function tracksOf(instance: VrrpInstance, { scripts }: Pick<KeepalivedConfig, 'scripts'>): readonly Tracked[] {
  return instance.tracks.map(({ name, weight }) => {
    const script = scripts.find((one) => one.name === name);
    return { name, weight: weight ?? script?.weight ?? 0, delay: (script?.interval ?? 1) * (script?.fall ?? 1) };
  });
}

/** Priority while all of it succeeds: positive weights are added then. */
export function priorityWhenWell(instance: VrrpInstance, tracks: readonly Tracked[]): number {
  return bounded(instance.priority, instance.priority + sum(tracks.map(({ weight }) => Math.max(0, weight))));
}

/** Priority once all of it fails; undefined where that makes the instance faulty, and so lets the address go. */
export function priorityWhenFailed(instance: VrrpInstance, tracks: readonly Tracked[]): number | undefined {
  if (tracks.some(({ weight }) => weight === 0)) return undefined;
  return bounded(instance.priority, instance.priority + sum(tracks.map(({ weight }) => Math.min(0, weight))));
}

/** 255 is the owner of the address and cannot be lowered. */
function bounded(base: number, priority: number): number {
  return base === 255 ? 255 : Math.min(most, Math.max(least, priority));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
