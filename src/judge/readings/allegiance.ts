// Which etcd cluster does each member belong to, by its own word?
import type { Seen } from '../../model/rule.ts';
import type { Member } from '../../model/topology.ts';
import { compareVersions } from './etcdctl.ts';
import { parseVersion } from './etcd-versions.ts';
import { metricsOf, statusOf } from './member-words.ts';

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

/** By status or own list; those who gave neither by their counters. */
export function allegiancesOf(seen: Seen<AllegianceEvidence>): readonly Allegiance[] {
  return seen.shared(readAllegiances);
}

function readAllegiances(seen: Seen<AllegianceEvidence>): readonly Allegiance[] {
  const stated = seen.topology.members.flatMap((member) => statedBy(seen, member) ?? []);
  const counted = countedBy(seen);
  if (stated.length < 2) return counted;
  const inCounters = (one: Allegiance) => counted.find(({ member }) => member === one.member)?.cluster;
  if (!stated.some((one) => inCounters(one) !== undefined)) return stated;
  const others = counted.filter(({ member }) => !stated.some((one) => one.member === member));
  return [
    ...stated,
    ...others.map((one) => ({ ...one, cluster: stated.find((other) => inCounters(other) === one.cluster)?.cluster ?? one.cluster })),
  ];
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

interface Told {
  readonly member: Member;
  readonly id: string;
  readonly peers: readonly string[];
  readonly led: boolean;
}

/** What a member with a leader was not told of lives in another cluster: its list is the one that was agreed upon. */
function countedBy(seen: Seen<'etcd.metrics'>): readonly Allegiance[] {
  const told = seen.topology.members.flatMap((member): readonly Told[] => {
    const counters = metricsOf(seen, member)?.value;
    const version = parseVersion(counters?.version ?? '');
    if (counters?.memberId === undefined || version === undefined || compareVersions(version, namesAllPeers) < 0) return [];
    return [{ member, id: counters.memberId, peers: counters.knownPeers, led: counters.hasLeader }];
  });
  const led = told.filter((one) => one.led);
  const clusters = new Map<string, string>();
  for (const one of led) {
    const same = led.filter((other) => other === one || knows(one, other) || knows(other, one));
    const joined = same.flatMap((other) => clusters.get(other.id) ?? [])[0] ?? `~${one.id}`;
    for (const other of same) clusters.set(other.id, joined);
  }
  // One without a leader may count on members who were never told of it: only their word joins it to them.
  for (const one of told.filter((each) => !each.led)) {
    const host = led.find((other) => knows(other, one));
    if (led.length > 0) clusters.set(one.id, host === undefined ? `~${one.id}` : (clusters.get(host.id) ?? ''));
  }
  return told.flatMap(({ member, id }) => {
    const cluster = clusters.get(id);
    return cluster === undefined ? [] : [{ member, id, cluster, revision: '?' }];
  });
}

function knows(one: Told, other: Told): boolean {
  return one.peers.includes(other.id);
}

/** Whether more of the others belong to one cluster than to this member's. */
export function isOutvoted(all: readonly Allegiance[], member: Member): boolean {
  const own = all.find((one) => one.member === member)?.cluster;
  const votes = (cluster: string): number => all.filter((one) => one.cluster === cluster).length;
  return own !== undefined && all.some(({ cluster }) => votes(cluster) > votes(own));
}

/** The members of the largest cluster; undefined where no single one is the largest. */
export function majorityOf(all: readonly Allegiance[]): string | undefined {
  const clusters = [...new Set(all.map((one) => one.cluster))];
  const size = (cluster: string): number => all.filter((one) => one.cluster === cluster).length;
  const most = Math.max(0, ...clusters.map(size));
  const largest = clusters.filter((cluster) => size(cluster) === most);
  return largest.length === 1 ? largest[0] : undefined;
}
