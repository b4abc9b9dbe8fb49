// With which flags does a component run on each master, and where do they differ?
import { type Flags, parseFlags, parseRepeatedFlags } from '../../model/flags.ts';
import type { ControlPlanePod } from '../../model/kubernetes.ts';
import type { Seen } from '../../model/rule.ts';
import type { Fail } from '../../model/verdict.ts';
import { kubeletReports } from './pod.ts';

export type FlagEvidence = 'kube.control-plane-pods' | 'kube.nodes' | 'kube.node-leases' | 'here.files';

export interface ComponentFlags {
  readonly node: string;
  readonly flags: Flags;
  /** The same, with every value of a flag that stands several times. */
  readonly repeated: Flags;
  readonly image: string;
  /** Of the machine, as its node lists them. */
  readonly addresses: readonly string[];
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
      const command = manifest?.command ?? commandOf(pod);
      return {
        node: pod.node,
        flags: parseFlags(command),
        repeated: parseRepeatedFlags(command),
        image: pod.containers[0]?.image ?? '',
        addresses: addressesOf(seen, pod.node),
        fresh,
      };
    });
}

function addressesOf(seen: Seen<'kube.nodes'>, name: string): readonly string[] {
  const nodes = seen.peek('kube.nodes');
  return nodes?.state === 'known' ? (nodes.value.nodes.find((one) => one.name === name)?.internalAddresses ?? []) : [];
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
  const names = [...new Set(all.flatMap((one) => [...one.repeated.keys()]))].filter((name) => !perMachine.has(name)).sort();
  return names.flatMap((name) => {
    const written = groupBy(all, ({ repeated }) => repeated.get(name));
    if (written.length < 2) return [];
    // What is written alike is alike, even where a value names one of the machines.
    const meant = groupBy(all, (one) => meaningOf(name, one));
    return meant.length < 2
      ? []
      : [
          {
            flag: `--${name}`,
            values: meant.map((nodes) => ({ value: nodes[0]?.repeated.get(name), nodes: nodes.map(({ node }) => node) })),
          },
        ];
  });
}

/** The largest group first. */
function groupBy(
  all: readonly ComponentFlags[],
  keyOf: (one: ComponentFlags) => string | undefined,
): readonly (readonly ComponentFlags[])[] {
  const groups = new Map<string | undefined, ComponentFlags[]>();
  for (const one of all) groups.set(keyOf(one), [...(groups.get(keyOf(one)) ?? []), one]);
  return [...groups.values()].sort((one, other) => other.length - one.length);
}

/** Flags whose values are sets: in which order they are written is all the same. */
const sets = /^(?:etcd-servers|feature-gates|runtime-config|(?:enable|disable)-admission-plugins|tls-cipher-suites)$/;

/** A path counts by its file's name, the machine's own name and addresses as what they are, the members of a set in any order. */
function meaningOf(name: string, { repeated, node, addresses }: ComponentFlags): string | undefined {
  const value = repeated.get(name);
  if (value === undefined) return undefined;
  const text = value
    .split(',')
    .map((part) => (part.startsWith('/') ? part.slice(part.lastIndexOf('/') + 1) : part))
    .join(',');
  const own = [node, ...addresses].reduce((before, host) => before.replace(wholeHost(host), '<node>'), text);
  return sets.test(name) ? own.split(',').sort().join(',') : own;
}

/** The host alone, not as a part of a longer name or number: m1 is not in m10. */
function wholeHost(host: string): RegExp {
  return new RegExp(`(?<![\\w.-])${host.replaceAll(/[^\w]/g, '\\$&')}(?![\\w-]|\\.\\w)`, 'g');
}

/** Whether a verdict of api-flag-drift is about this component and no other flags than these. */
export function speaksOnlyOf({ facts }: Fail, component: string, flags: RegExp): 'yes' | 'no' {
  const named = String(facts['flags']).split(', ');
  return facts['component'] === component && named.every((flag) => flags.test(flag)) ? 'yes' : 'no';
}
