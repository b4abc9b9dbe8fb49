// Which etcd does each member run?
import type { Seen } from '../../model/rule.ts';
import type { Member } from '../../model/topology.ts';
import { metricsOf, statusOf } from './member-words.ts';

/** Major, minor, patch. */
export type Version = readonly [number, number, number];

/** `3.5.21`, `v3.6`, `3.6.0-rc.1`; undefined for anything else. */
export function parseVersion(text: string): Version | undefined {
  const match = /^v?(\d+)\.(\d+)(?:\.(\d+))?/.exec(text);
  return match === null ? undefined : [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)];
}

/** By its status, else by its counters; undefined where it told neither. */
export function versionOf(seen: Seen<'etcd.status' | 'etcd.metrics'>, member: Member): Version | undefined {
  return parseVersion(statusOf(seen, member)?.version ?? metricsOf(seen, member)?.value.version ?? '');
}

/** `3.6.16` */
export function spell(version: Version): string {
  return version.join('.');
}

/** `3.6`, which is what members have to agree on. */
export function spellMinor([major, minor]: Version): string {
  return `${major}.${minor}`;
}
