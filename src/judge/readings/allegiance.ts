// Which etcd cluster does each member belong to, by its own word?
import type { Seen } from '../../model/rule.ts';
import type { Member } from '../../model/topology.ts';
import { compareVersions } from './etcdctl.ts';
import { parseVersion } from './etcd-versions.ts';
import { metricsOf, statusOf } from './member.ts';

export type AllegianceEvidence = 'etcd.status' | 'etcd.members' | 'etcd.metrics';

/** One member's word on who it is. */
export interface Allegiance {
  readonly member: Member;
  /** Equal for members of one cluster: its id in hex, or a name of our own where only counters tell them apart. */
  readonly cluster: string;
  /** The id it calls itself by, in hex; empty where it did not say. */
  readonly id: string;
  readonly revision: string;
}

/** From 3.6 on the counters name every peer a member was told of, connected or not. */
const namesAllPeers = [3, 6, 0] as const;

/** By status or own list; by counters where fewer than two gave either. */
export function allegiancesOf(seen: Seen<AllegianceEvidence>): readonly Allegiance[] {
  const stated = seen.topology.members.flatMap((member) => statedBy(seen, member) ?? []);
  return stated.length > 1 ? stated : countedBy(seen);
}

/** Whether the ids are etcd's own, and not only that the counters know nothing of each other. */
export function isStated({ cluster }: Allegiance): boolean {
  return !cluster.startsWith('~');
}

function statedBy(seen: Seen<AllegianceEvidence>, member: Member): Allegiance | undefined {
  const status = statusOf(seen, member);
  if (status !== undefined) {
    if (answersForAnother(seen, member, status.memberId)) return undefined;
    return { member, cluster: status.clusterId, id: status.memberId, revision: status.revision };
  }
  const list = seen.peek('etcd.members', member.subject);
  if (list?.state !== 'known' || list.value.kind !== 'answered') return undefined;
  return { member, cluster: list.value.clusterId, id: '', revision: '?' };
}

/** Behind one name or virtual address one always meets the same member, whichever one meant to ask. */
function answersForAnother(seen: Seen, member: Member, id: string): boolean {
  return member.subject.keys.member !== id && seen.topology.members.some((one) => one !== member && one.subject.keys.member === id);
}

/** Two members with a leader that were not told of each other live in different clusters. */
function countedBy(seen: Seen<'etcd.metrics'>): readonly Allegiance[] {
  const told = seen.topology.members.flatMap((member) => {
    const counters = metricsOf(seen, member)?.value;
    const version = parseVersion(counters?.version ?? '');
    if (counters?.memberId === undefined || !counters.hasLeader || version === undefined) return [];
    return compareVersions(version, namesAllPeers) < 0 ? [] : [{ member, id: counters.memberId, peers: counters.knownPeers }];
  });
  const clusters = new Map<string, string>();
  for (const one of told) {
    const same = told.filter((other) => other === one || one.peers.includes(other.id) || other.peers.includes(one.id));
    const joined = same.flatMap((other) => clusters.get(other.id) ?? [])[0] ?? `~${one.id}`;
    for (const other of same) clusters.set(other.id, joined);
  }
  return told.map(({ member, id }) => ({ member, id, cluster: clusters.get(id) ?? '', revision: '?' }));
}

/** The members of the largest cluster; undefined where no single one is the largest. */
export function majorityOf(all: readonly Allegiance[]): string | undefined {
  const clusters = [...new Set(all.map((one) => one.cluster))];
  const size = (cluster: string): number => all.filter((one) => one.cluster === cluster).length;
  const most = Math.max(0, ...clusters.map(size));
  const largest = clusters.filter((cluster) => size(cluster) === most);
  return largest.length === 1 ? largest[0] : undefined;
}
