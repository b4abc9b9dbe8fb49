// For how long have all etcd voters been seen without a leader?
import type { Seen } from '../../model/rule.ts';
import type { Member } from '../../model/topology.ts';
import { type CommandEvidence, defaultTiming, timingOf } from './etcd-flags.ts';
import type { MemberEvidence } from './member.ts';
import { countVoters } from './voters.ts';

/** etcd's own account of itself at one look; `takenAt` in milliseconds. */
interface Look {
  readonly takenAt: number;
  readonly isLed: boolean;
  /** Its counter of changes, by which a leader between two looks is noticed. */
  readonly changes?: number;
}

/** Milliseconds between the first and the last of the looks at which every voter said so; 0 where one has a leader, or nobody could look. */
export function leaderlessFor(seen: Seen<MemberEvidence>): number {
  const { voters, leaderless } = countVoters(seen);
  if (voters.length === 0 || leaderless.length < voters.length) return 0;
  const spans = voters.map((member) => leaderlessRun(seen, member));
  const begun = Math.max(...spans.map((run) => run[0]?.takenAt ?? Number.POSITIVE_INFINITY));
  const ended = Math.min(...spans.map((run) => run.at(-1)?.takenAt ?? Number.NEGATIVE_INFINITY));
  return Math.max(0, ended - begun);
}

/**
 * Milliseconds after which voters that hear each other have a leader: each calls an election after one to two of its timeouts,
 * and then takes a round trip. The longest timeout that is known counts.
 */
export function electionTakes(seen: Seen<CommandEvidence>, members: readonly Member[], timeouts: number): number {
  const longest = Math.max(...members.map((member) => timingOf(seen, member)?.election ?? defaultTiming.election));
  return timeouts * longest;
}

/** The unbroken run up to its last look. */
function leaderlessRun(seen: Seen<MemberEvidence>, member: Member): readonly Look[] {
  const looks = looksAt(seen, member);
  const isBroken = (look: Look, at: number): boolean => {
    const before = looks.slice(0, at).findLast(({ changes }) => changes !== undefined)?.changes;
    return look.isLed || (look.changes !== undefined && before !== undefined && look.changes !== before);
  };
  const broken = looks.findLastIndex(isBroken);
  if (broken < 0) return looks;
  // A leader that came and went between two looks was lost before the later one.
  return looks.slice(looks[broken]?.isLed === true ? broken + 1 : broken);
}

function looksAt(seen: Seen<MemberEvidence>, { subject }: Member): readonly Look[] {
  const status = seen.attempt(() => seen.samples('etcd.status', subject)) ?? [];
  const metrics = seen.attempt(() => seen.samples('etcd.metrics', subject)) ?? [];
  const looks = [
    ...status.flatMap(({ takenAt, value }) => (value.kind === 'answered' ? [{ takenAt, isLed: value.leaderId !== undefined }] : [])),
    ...metrics.flatMap(({ takenAt, value }) =>
      value.kind === 'answered' ? [{ takenAt, isLed: value.hasLeader, changes: value.leaderChanges }] : [],
    ),
  ];
  return looks.sort((one, other) => one.takenAt - other.takenAt);
}
