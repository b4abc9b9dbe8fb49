// What does the machine under one etcd member run short of, by whom it may be known?
import type { FolderSpace } from '../../model/here.ts';
import type { Seen } from '../../model/rule.ts';
import { say, type Text } from '../../model/sentence.ts';
import type { Member } from '../../model/topology.ts';
import { ageAt } from './age.ts';
import { describeDuration } from '../../model/time.ts';
import { metricsOf, statusOf } from './member-words.ts';
import { describeBytes } from './space.ts';

type Needs = 'here.disk' | 'etcd.metrics' | 'etcd.status' | 'kube.nodes' | 'kube.control-plane-pods';

/** Percentages, GiB for `ample`, seconds for `killed`. */
export type ShortageLimits = Readonly<Record<'diskWarning' | 'diskCritical' | 'ample' | 'files' | 'killed', number>>;

interface Shortage {
  readonly reason: 'disk' | 'disk-pressure' | 'memory' | 'files' | 'processes';
  readonly severity: 'critical' | 'warning';
  readonly words: Text;
}

export interface Shortages {
  readonly shortages: readonly Shortage[];
  /** The least room on a disk of its data; undefined where nobody looked. */
  readonly disk?: string;
  /** Percent of the files it may open that are open; undefined where it did not tell. */
  readonly files?: number;
}

export function shortagesOf(seen: Seen<Needs>, member: Member, limits: ShortageLimits): Shortages {
  const here = seen.peek('here.disk');
  const folders = here?.state === 'known' && here.value.node === member.subject.keys.node ? here.value.folders : undefined;
  const counters = metricsOf(seen, member)?.value;
  const files =
    counters?.openFilesLimit === undefined ? undefined : Math.floor(((counters.openFiles ?? 0) / counters.openFilesLimit) * 100);
  const size = statusOf(seen, member)?.dbSize ?? counters?.dbSize ?? 0;
  const open: readonly Shortage[] =
    files === undefined || files <= limits.files
      ? []
      : [{ reason: 'files', severity: 'warning', words: say('{percent} % of the files it may open are open', { percent: files }) }];
  const shortages = [
    ...(folders ?? []).flatMap((one) => diskShort(one, size, limits)),
    ...pressures(seen, member),
    ...killed(seen, member, limits),
    ...open,
  ];
  const least = folders && Math.min(...folders.map((one) => one.free));
  return { shortages, ...(least !== undefined && { disk: describeBytes(least) }), ...(files !== undefined && { files }) };
}

function diskShort({ path, size, free, files, filesFree }: FolderSpace, dbSize: number, limits: ShortageLimits): readonly Shortage[] {
  const percent = Math.floor((free / size) * 100);
  const words = say('{free} of {size} free under {path}, {percent} %', {
    free: describeBytes(free),
    size: describeBytes(size),
    path,
    percent,
  });
  if (files !== undefined && filesFree !== undefined && filesFree < (files * limits.diskCritical) / 100)
    return [{ reason: 'disk', severity: 'critical', words: say('{count} more files fit under {path}', { count: filesFree, path }) }];
  if (free >= limits.ample * 1024 ** 3) return [];
  if (percent < limits.diskCritical || free < dbSize) return [{ reason: 'disk', severity: 'critical', words }];
  return percent < limits.diskWarning ? [{ reason: 'disk', severity: 'warning', words }] : [];
}

/** By the kubelet's own word; which of its disks is meant it does not say. */
function pressures(seen: Seen<Needs>, member: Member): readonly Shortage[] {
  const nodes = seen.peek('kube.nodes');
  const node = nodes?.state === 'known' ? nodes.value.nodes.find((one) => one.name === member.subject.keys.node) : undefined;
  return (node?.pressures ?? []).flatMap((type): readonly Shortage[] => {
    const words = say('its kubelet reports {condition}', { condition: type });
    if (type === 'PIDPressure') return [{ reason: 'processes', severity: 'warning', words }];
    if (type === 'DiskPressure') return [{ reason: 'disk-pressure', severity: 'warning', words }];
    return type === 'MemoryPressure' ? [{ reason: 'memory', severity: 'warning', words }] : [];
  });
}

function killed(seen: Seen<Needs>, member: Member, limits: ShortageLimits): readonly Shortage[] {
  const list = seen.peek('kube.control-plane-pods');
  if (list?.state !== 'known' || list.value.clock === undefined) return [];
  const container = list.value.pods.find((one) => one.name === member.pod)?.containers[0];
  if (container?.lastReason !== 'OOMKilled' || container.lastFinishedAt === undefined) return [];
  const age = ageAt(container.lastFinishedAt, list.value.clock).low;
  if (age > limits.killed * 1000) return [];
  return [{ reason: 'memory', severity: 'warning', words: say('etcd was ended for its memory {ago} ago', { ago: describeDuration(age) }) }];
}
