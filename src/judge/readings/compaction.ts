// Who drops old history from etcd, and when was that done last?
import { type Flags, parseFlags, readGoDuration } from '../../model/flags.ts';
import type { Seen } from '../../model/rule.ts';
import type { Member } from '../../model/topology.ts';
import { processAge } from './counters.ts';
import { type CommandEvidence, etcdFlags } from './etcd-flags.ts';
import { metricsOf } from './member-words.ts';

export interface Compaction {
  /** Seconds since the member's process began. */
  readonly age: number;
  /** Seconds since it dropped something; absent where it never did since then. */
  readonly ago?: number;
  /** Revisions between the oldest kept and the newest. */
  readonly kept?: number;
}

/** By the member's own counters and clock; undefined where it told neither. */
export function compactionOf(seen: Seen<'etcd.metrics' | 'etcd.clock'>, member: Member): Compaction | undefined {
  const metrics = metricsOf(seen, member)?.value;
  const age = metrics && processAge(seen, member, metrics);
  if (metrics?.revision === undefined || metrics.processStart === undefined || age === undefined) return undefined;
  const ago = metrics.compactedAt === undefined ? undefined : age - (metrics.compactedAt / 1000 - metrics.processStart);
  const kept = metrics.compactRevision === undefined ? undefined : metrics.revision - metrics.compactRevision;
  return { age, ...(ago !== undefined && { ago }), ...(kept !== undefined && { kept }) };
}

export interface Planned {
  readonly byApiServers: 'never' | 'sometimes' | 'unknown';
  /** Seconds of history that etcd keeps by itself, 0 where it drops nothing; undefined where that was not seen. */
  readonly byEtcd?: number;
}

/** By command lines: API servers do it every five minutes unless told otherwise, etcd only where told to. */
export function planned(seen: Seen<CommandEvidence>): Planned {
  const keeps = seen.topology.members.map((member) => retentionOf(etcdFlags(seen, member)));
  const told = keeps.flatMap((one) => one ?? []);
  const byEtcd = told.length === keeps.length || told.some((one) => one > 0) ? Math.max(0, ...told) : undefined;
  return { byApiServers: byApiServers(seen), ...(byEtcd !== undefined && { byEtcd }) };
}

function byApiServers(seen: Seen<CommandEvidence>): Planned['byApiServers'] {
  const list = seen.peek('kube.control-plane-pods');
  const commands = list?.state === 'known' ? list.value.pods.filter((pod) => pod.component === 'kube-apiserver') : [];
  if (commands.length === 0 || commands.length < seen.topology.masters.length) return 'unknown';
  const intervals = commands.map((pod) => parseFlags(pod.containers[0]?.command ?? []).get('etcd-compaction-interval'));
  return intervals.every((text) => text !== undefined && readGoDuration(text) === 0) ? 'never' : 'sometimes';
}

/** Counted in revisions it says nothing about time; etcd takes a bare number of the periodic mode for hours. */
function retentionOf(flags: Flags | undefined): number | undefined {
  if (flags === undefined) return undefined;
  const text = flags.get('auto-compaction-retention') ?? '0';
  if (flags.get('auto-compaction-mode') === 'revision') return text === '0' ? 0 : Number.POSITIVE_INFINITY;
  return /^\d+$/.test(text) ? Number(text) * 3600 : readGoDuration(text);
}
