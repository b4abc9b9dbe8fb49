// With which settings was one component on one node started, as far as that can be seen?
import { type Flags, parseFlags } from '../../model/flags.ts';
import type { Seen } from '../../model/rule.ts';
import { kubeletReports } from './pod.ts';

/** Flags without their dashes; etcd's environment variables stand under the flag they set. */
export interface CommandLine {
  readonly flags: Flags;
  /** `manifest`: the file on this machine · `pod`: what that node's kubelet last reported. */
  readonly from: 'manifest' | 'pod';
}

export type CommandLineEvidence = 'kube.control-plane-pods' | 'here.files';

/** Undefined where no manifest and no pod of it is known. */
export function commandLineOf(seen: Seen<CommandLineEvidence>, component: string, node: string | undefined): CommandLine | undefined {
  const here = seen.peek('here.files');
  const manifest =
    here?.state === 'known' && here.value.node === node ? here.value.manifests.find((one) => one.component === component) : undefined;
  if (manifest !== undefined) return { flags: parseFlags(manifest.command, manifest.environment), from: 'manifest' };
  const list = seen.peek('kube.control-plane-pods');
  const pods = list?.state === 'known' ? list.value.pods : [];
  const container = pods.find((pod) => pod.component === component && pod.node === node)?.containers[0];
  return container === undefined ? undefined : { flags: parseFlags(container.command, container.environment), from: 'pod' };
}

/** Whether what the API says about this component's command line is what the kubelet runs there now. */
export function isCurrent(
  seen: Seen<'kube.nodes' | 'kube.node-leases'>,
  { from }: CommandLine,
  node: string,
  heartbeatSeconds: number,
): boolean {
  return from === 'manifest' || kubeletReports(seen, node, heartbeatSeconds * 1000);
}
