// With which flags was a component started, as far as its instances agree?
import { type Flags, parseFlags } from '../../model/flags.ts';
import type { Seen } from '../../model/rule.ts';

/** The flags that every instance sets, and to one value; empty where no instance is listed. */
export function agreedFlags(seen: Seen<'kube.control-plane-pods'>, component: string): Flags {
  const list = seen.peek('kube.control-plane-pods');
  const pods = list?.state === 'known' ? list.value.pods.filter((pod) => pod.component === component) : [];
  const [first, ...others] = pods.map(({ containers }) => parseFlags(containers[0]?.command ?? []));
  return new Map([...(first ?? [])].filter(([name, value]) => others.every((flags) => flags.get(name) === value)));
}
