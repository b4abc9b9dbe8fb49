// Which alarms does etcd raise, and by whose word?
import type { Seen } from '../../model/rule.ts';
import type { Member } from '../../model/topology.ts';
import { statusOf } from './member-words.ts';
import { memberIdOf } from './voters.ts';

/** Alarms are replicated: any member knows those of all. */
export interface Alarms {
  /** Members whose own space or data raised the alarm; empty where only the health check told. */
  readonly raisedBy: readonly Member[];
  /** Members that report it. */
  readonly reportedBy: readonly Member[];
  /** Members that were asked and report none of this kind. */
  readonly deniedBy: readonly Member[];
}

/** By status, which names the member, else by the health check, which checks alarms before anything else (etcd 3.5 on). */
export function alarmsOf(seen: Seen<'etcd.status' | 'etcd.health'>, kind: 'NOSPACE' | 'CORRUPT'): Alarms {
  const { members } = seen.topology;
  const raised = new Set<string>();
  const said = (member: Member): boolean | undefined => {
    const status = statusOf(seen, member);
    if (status !== undefined) {
      const own = status.errors.flatMap((error) => raisersIn(error, kind));
      for (const id of own) raised.add(id);
      return own.length > 0 || status.errors.some((error) => error.includes(`alarm:${kind}`));
    }
    const health = seen.peek('etcd.health', member.subject);
    if (health?.state !== 'known' || health.value.kind === 'failed') return undefined;
    if (health.value.kind === 'healthy') return false;
    return health.value.reason === '' ? undefined : health.value.reason === `ALARM ${kind}`;
  };
  const answers = members.map((member) => [member, said(member)] as const);
  return {
    reportedBy: answers.flatMap(([member, answer]) => (answer === true ? [member] : [])),
    deniedBy: answers.flatMap(([member, answer]) => (answer === false ? [member] : [])),
    raisedBy: members.filter((member) => raised.has(memberIdOf(member) ?? '')),
  };
}

/** Hex ids out of `memberID:8828283256189920098 alarm:NOSPACE`, where etcd writes them in decimal. */
function raisersIn(error: string, kind: string): readonly string[] {
  return [...error.matchAll(/memberID:(\d{1,20})\s+alarm:([A-Z]+)/g)].flatMap(([, id = '0', name]) =>
    name === kind ? [BigInt(id).toString(16)] : [],
  );
}
