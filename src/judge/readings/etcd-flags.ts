// With which flags does one etcd member run?
import { type Flags, parseFlags } from '../../model/flags.ts';
import type { Seen } from '../../model/rule.ts';
import type { Member } from '../../model/topology.ts';

export type CommandEvidence = 'kube.control-plane-pods' | 'here.files';

/** By the manifest on this machine or by its pod; undefined where neither was seen or a file holds the settings. */
export function etcdFlags(seen: Seen<CommandEvidence>, member: Member): Flags | undefined {
  const command = manifestHere(seen, member) ?? podOf(seen, member);
  const flags = command && parseFlags(command);
  return flags?.has('config-file') ? undefined : flags;
}

function manifestHere(seen: Seen<CommandEvidence>, member: Member): readonly string[] | undefined {
  const here = seen.peek('here.files');
  if (here?.state !== 'known' || here.value.node !== member.subject.keys.node) return undefined;
  return here.value.manifests.find((one) => one.component === 'etcd')?.command;
}

function podOf(seen: Seen<CommandEvidence>, member: Member): readonly string[] | undefined {
  const pods = seen.peek('kube.control-plane-pods');
  const pod = pods?.state === 'known' ? pods.value.pods.find((one) => one.name === member.pod) : undefined;
  const command = pod?.containers[0]?.command ?? [];
  return command.length === 0 ? undefined : command;
}

/** Milliseconds; etcd server/embed/config.go: 100 and 1000 unless a flag says otherwise. */
export interface Timing {
  readonly heartbeat: number;
  readonly election: number;
}

export const defaultTiming: Timing = { heartbeat: 100, election: 1000 };

/** Undefined where the command line was not seen, or a value is no number. */
export function timingOf(seen: Seen<CommandEvidence>, member: Member): Timing | undefined {
  const flags = etcdFlags(seen, member);
  if (flags === undefined) return undefined;
  const heartbeat = Number(flags.get('heartbeat-interval') ?? defaultTiming.heartbeat);
  const election = Number(flags.get('election-timeout') ?? defaultTiming.election);
  return Number.isFinite(heartbeat) && Number.isFinite(election) ? { heartbeat, election } : undefined;
}

/** Where it keeps its data; kubeadm's own place unless a flag says otherwise. */
export function dataFolderOf(seen: Seen<CommandEvidence>, member: Member): string {
  return etcdFlags(seen, member)?.get('data-dir') || '/var/lib/etcd';
}
