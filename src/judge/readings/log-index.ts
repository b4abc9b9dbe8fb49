// How far behind its own log, and behind its leader's, was one member at each look?
import type { Known } from '../../model/evidence.ts';
import type { Seen } from '../../model/rule.ts';
import type { Member } from '../../model/topology.ts';

type Needs = 'etcd.metrics' | 'etcd.status';

export interface Gap {
  /** Entries committed and not applied. */
  readonly unapplied: number;
  /** Entries committed by the leader and not known here; absent where the leader told nothing at the same time. */
  readonly behind?: number;
}

/** A member's position in the log, and when it told it (milliseconds since 1970 by our clock). */
interface Position {
  readonly committed: number;
  readonly applied: number;
  readonly leads: boolean;
  readonly at: number;
}

/** One for each look, oldest first; empty where it never told its position. */
export function gapsOf(seen: Seen<Needs>, member: Member, sameInstant: number): readonly Gap[] {
  const others = seen.topology.members.filter((one) => one !== member).flatMap((one) => positionsOf(seen, one));
  return positionsOf(seen, member).map((own) => {
    const unapplied = Math.max(0, own.committed - own.applied);
    if (own.leads) return { unapplied, behind: 0 };
    const leader = others.find((other) => other.leads && Math.abs(other.at - own.at) <= sameInstant);
    return leader === undefined ? { unapplied } : { unapplied, behind: Math.max(0, leader.committed - own.committed) };
  });
}

/** By its counters, which are read twice where rates are wanted, else by its status. */
function positionsOf(seen: Seen<Needs>, member: Member): readonly Position[] {
  const counted = look(seen, 'etcd.metrics', member).flatMap(({ value, takenAt }) => {
    if (value.kind !== 'answered' || value.committed === undefined || value.applied === undefined) return [];
    return [{ committed: value.committed, applied: value.applied, leads: value.isLeader, at: takenAt }];
  });
  if (counted.length > 0) return counted;
  return look(seen, 'etcd.status', member).flatMap(({ value, takenAt }) => {
    if (value.kind !== 'answered') return [];
    const leads = value.leaderId === value.memberId;
    return [{ committed: Number(value.raftIndex), applied: Number(value.appliedIndex), leads, at: takenAt }];
  });
}

function look<Id extends Needs>(seen: Seen<Needs>, id: Id, member: Member): readonly Known<Id>[] {
  return seen.peek(id, member.subject)?.state === 'known' ? seen.samples(id, member.subject) : [];
}
