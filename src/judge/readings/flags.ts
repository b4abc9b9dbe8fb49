// With which command line was a component started?
import type { Seen } from '../../model/rule.ts';

/** The words of the command lines of all instances; empty where none is listed. */
export function flagsOf(seen: Seen<'kube.control-plane-pods'>, component: string): readonly string[] {
  const list = seen.peek('kube.control-plane-pods');
  const pods = list?.state === 'known' ? list.value.pods.filter((pod) => pod.component === component) : [];
  return pods.flatMap((pod) => pod.containers.flatMap((container) => container.command));
}

/** The value of a flag where all instances agree on it. */
export function flagValue(flags: readonly string[], name: string): string | undefined {
  const values = new Set(flags.filter((flag) => flag.startsWith(`${name}=`)).map((flag) => flag.slice(name.length + 1)));
  return values.size === 1 ? [...values][0] : undefined;
}
