// With which flags was a component started, as far as its instances agree?
import { type Flags, parseFlags } from '../../model/flags.ts';
import type { Seen } from '../../model/rule.ts';

/** The flags to which all instances that set them give one value; empty where no instance is listed. */
export function agreedFlags(seen: Seen<'kube.control-plane-pods'>, component: string): Flags {
  const list = seen.peek('kube.control-plane-pods');
  const pods = list?.state === 'known' ? list.value.pods.filter((pod) => pod.component === component) : [];
  const values = new Map<string, Set<string>>();
  for (const [name, value] of pods.flatMap((pod) => pod.containers.flatMap(({ command }) => [...parseFlags(command)])))
    values.set(name, (values.get(name) ?? new Set()).add(value));
  return new Map([...values].flatMap(([name, [value, ...others]]) => (value === undefined || others.length > 0 ? [] : [[name, value]])));
}
