// How much of its quota has a member's database filled, and who says what the quota is?
import { parseFlags } from '../../model/flags.ts';
import type { ControlPlanePod } from '../../model/kubernetes.ts';
import type { Seen } from '../../model/rule.ts';
import type { Member } from '../../model/topology.ts';
import { metricsOf, statusOf } from './member-words.ts';

export type SpaceEvidence = 'etcd.status' | 'etcd.metrics' | 'kube.control-plane-pods';

/** Sizes in bytes. */
export interface Space {
  readonly size: number;
  /** What would be left of it after a defragmentation. */
  readonly inUse?: number;
  readonly quota: number;
  /** `assumed`: nobody told; etcd's own default stands in. */
  readonly by: 'status' | 'counters' | 'command line' | 'assumed';
}

/** etcd server/storage/quota.go: DefaultQuotaBytes. */
export const defaultQuota = 2 * 1024 ** 3;

/** Undefined where the member told no size. */
export function spaceOf(seen: Seen<SpaceEvidence>, member: Member): Space | undefined {
  const status = statusOf(seen, member);
  const counters = metricsOf(seen, member)?.value;
  const size = status?.dbSize ?? counters?.dbSize;
  if (size === undefined) return undefined;
  const inUse = status?.dbSizeInUse ?? counters?.dbSizeInUse;
  return { size, ...(inUse !== undefined && { inUse }), ...quotaOf(seen, member, status?.dbSizeQuota, counters?.quota) };
}

function quotaOf(seen: Seen<SpaceEvidence>, member: Member, byStatus = 0, byCounters = 0): Pick<Space, 'quota' | 'by'> {
  if (byStatus > 0) return { quota: byStatus, by: 'status' };
  if (byCounters > 0) return { quota: byCounters, by: 'counters' };
  const pods = seen.peek('kube.control-plane-pods');
  const pod = pods?.state === 'known' ? pods.value.pods.find((one) => one.name === member.pod) : undefined;
  return pod === undefined ? { quota: defaultQuota, by: 'assumed' } : { quota: quotaFlag(pod) ?? defaultQuota, by: 'command line' };
}

/** Absent means the default, and 0 does too. */
function quotaFlag({ containers: [container] }: ControlPlanePod): number | undefined {
  const value = Number(parseFlags(container?.command ?? [], container?.environment).get('quota-backend-bytes'));
  return value > 0 ? value : undefined;
}

/** Whether every started member is proved to be below that percentage of a quota that somebody told. */
export function wasFreed(seen: Seen<SpaceEvidence>, percent: number): boolean {
  const members = seen.topology.members.filter((member) => member.started);
  const spaces = members.flatMap((member) => spaceOf(seen, member) ?? []);
  return (
    members.length > 0 && spaces.length === members.length && spaces.every((one) => one.by !== 'assumed' && percentFull(one) < percent)
  );
}

/** `1.9 GiB`, `16 MiB` */
export function describeBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, bytes)) / 10)));
  const value = bytes / 1024 ** power;
  return `${value < 10 && power > 0 && !Number.isInteger(value) ? value.toFixed(1) : Math.round(value)} ${units[power]}`;
}

/** Whole percent, rounded down so that a limit is never reached by rounding. */
export function percentFull({ size, quota }: Pick<Space, 'size' | 'quota'>): number {
  return Math.floor((size / quota) * 100);
}
