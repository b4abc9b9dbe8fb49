// With which flags does one etcd member run?
import type { Flags } from '../../model/flags.ts';
import type { Seen } from '../../model/rule.ts';
import type { Member } from '../../model/topology.ts';
import { type CommandLineEvidence, commandLineOf } from './command-line.ts';

export type CommandEvidence = CommandLineEvidence;

/** By the manifest on this machine or by its pod; undefined where neither was seen or a file holds the settings. */
export function etcdFlags(seen: Seen<CommandEvidence>, member: Member): Flags | undefined {
  const { node } = member.subject.keys;
  const line = node === undefined ? undefined : commandLineOf(seen, 'etcd', node);
  if (line === undefined || line.flags.size === 0 || line.flags.has('config-file')) return undefined;
  return line.flags;
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
