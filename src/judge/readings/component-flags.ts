// With which flags does a component run on each master, and where do they differ?
import { type Flags, parseFlags } from '../../model/flags.ts';
import type { ControlPlanePod } from '../../model/kubernetes.ts';
import type { Seen } from '../../model/rule.ts';
import type { Fail } from '../../model/verdict.ts';
import { kubeletReports } from './pod.ts';

export type FlagEvidence = 'kube.control-plane-pods' | 'kube.nodes' | 'kube.node-leases' | 'here.files';

export interface ComponentFlags {
  readonly node: string;
  readonly flags: Flags;
  readonly image: string;
  /** Whether this is how it runs: the kubelet that wrote it still reports, or it is the manifest on this very machine. */
  readonly fresh: boolean;
}

/** Values that belong to one machine. */
const perMachine = new Set(['advertise-address', 'bind-address', 'name', 'hostname-override', 'node-ip']);

/** One component on every node that has it. Ends the judgement where nobody could list the pods. */
export function componentFlags(seen: Seen<FlagEvidence>, component: string, staleMs: number): readonly ComponentFlags[] {
  const { pods } = seen.get('kube.control-plane-pods');
  const here = seen.peek('here.files');
  const files = here?.state === 'known' ? here.value : undefined;
  return pods
    .filter((pod) => pod.component === component && pod.node !== '')
    .sort((one, other) => (one.node < other.node ? -1 : 1))
    .map((pod) => {
      const manifest = files?.node === pod.node ? files.manifests.find((one) => one.component === component) : undefined;
      const fresh = manifest !== undefined || seen.attempt(() => kubeletReports(seen, pod.node, staleMs)) === true;
      return { node: pod.node, flags: parseFlags(manifest?.command ?? commandOf(pod)), image: pod.containers[0]?.image ?? '', fresh };
    });
}

function commandOf(pod: ControlPlanePod): readonly string[] {
  return pod.containers[0]?.command ?? [];
}

export interface FlagDifference {
  /** With its dashes. */
  readonly flag: string;
  /** Value -> the nodes that have it, the most common first; undefined stands for a flag that is not set. */
  readonly values: readonly { readonly value: string | undefined; readonly nodes: readonly string[] }[];
}

/** Flags whose values differ by more than the machine they stand on. */
export function differencesOf(all: readonly ComponentFlags[]): readonly FlagDifference[] {
  const names = [...new Set(all.flatMap((one) => [...one.flags.keys()]))].filter((name) => !perMachine.has(name)).sort();
  return names.flatMap((name) => {
    const groups = new Map<string, { value: string | undefined; nodes: string[] }>();
    for (const { node, flags } of all) {
      const value = flags.get(name);
      const key = value === undefined ? '' : `=${comparable(value, node)}`;
      const group = groups.get(key) ?? { value, nodes: [] };
      group.nodes.push(node);
      groups.set(key, group);
    }
    const values = [...groups.values()].sort((one, other) => other.nodes.length - one.nodes.length);
    return values.length < 2 ? [] : [{ flag: `--${name}`, values }];
  });
}

/** A path counts by its file's name, an address or host of the machine itself as what it is. Lists keep their order where it matters. */
function comparable(value: string, node: string): string {
  if (/^\/[^,]*$/.test(value)) return value.slice(value.lastIndexOf('/') + 1).replaceAll(node, '<node>');
  return value.replaceAll(node, '<node>');
}

/** Whether a verdict of api-flag-drift is about this component and no other flags than these. */
export function speaksOnlyOf({ facts }: Fail, component: string, flags: RegExp): 'yes' | 'no' {
  const named = String(facts['flags']).split(', ');
  return facts['component'] === component && named.every((flag) => flags.test(flag)) ? 'yes' : 'no';
}
