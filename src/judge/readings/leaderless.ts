// For how long have all etcd voters been seen without a leader, and is that longer than an election takes?
import type { Seen } from '../../model/rule.ts';
import type { Member } from '../../model/topology.ts';
import { backendsOf, changedAt } from './backend.ts';
import { type CommandEvidence, defaultTiming, timingOf } from './etcd-flags.ts';
import { anApiServerReadsEtcd } from './etcd-path.ts';
import type { MemberEvidence } from './member.ts';
import { countVoters } from './voters.ts';

type Needs = MemberEvidence | CommandEvidence | 'api.ready' | 'lb.stats';

/** etcd's own account of itself at one look; `takenAt` in milliseconds. */
interface Look {
  readonly takenAt: number;
  readonly isLed: boolean;
  /** Its counter of changes, by which a leader between two looks is noticed. */
  readonly changes?: number;
}

/** Milliseconds between the first and the last of the looks at which every voter said so; 0 where one has a leader, or nobody could look. */
function leaderlessFor(seen: Seen<MemberEvidence>): number {
  const { voters, leaderless } = countVoters(seen);
  if (voters.length === 0 || leaderless.length < voters.length) return 0;
  const spans = voters.map((member) => leaderlessRun(seen, member));
  const begun = Math.max(...spans.map((run) => run[0]?.takenAt ?? Number.POSITIVE_INFINITY));
  const ended = Math.min(...spans.map((run) => run.at(-1)?.takenAt ?? Number.NEGATIVE_INFINITY));
  return Math.max(0, ended - begun);
}

/** `timeouts`: how many of them an election may take. `patience`: seconds, where no timer was read. */
export interface ElectionLimits {
  readonly timeouts: number;
  readonly patience: number;
}

/**
 * Whether voters that hear each other would have a leader by now: each calls an election after one to two of its timeouts, and
 * then takes a round trip. `likely`: if theirs are the usual ones, for none was read.
 */
export function electionIsOverdue(seen: Seen<Needs>, limits: ElectionLimits): 'surely' | 'likely' | 'no' {
  const { voters, leaderless } = countVoters(seen);
  if (voters.length === 0 || leaderless.length < voters.length) return 'no';
  const timers = voters.flatMap((member) => electionTimeoutOf(seen, member) ?? []);
  const longest = Math.max(defaultTiming.election, ...timers);
  // By the time an API server says so it has waited for longer than a usual election takes.
  const givenUp = anApiServerReadsEtcd(seen) === 'no';
  const soon = leaderlessFor(seen) >= limits.timeouts * longest || (givenUp && longest <= defaultTiming.election);
  const lasted = Math.max(leaderlessFor(seen), givenUp ? allTakenOutFor(seen) : 0);
  if (timers.length === 0) return lasted >= limits.patience * 1000 ? 'surely' : soon ? 'likely' : 'no';
  return soon || lasted >= limits.timeouts * longest ? 'surely' : 'no';
}

/** By its flags, or by what its maker sets where nobody sees them. */
function electionTimeoutOf(seen: Seen<CommandEvidence>, member: Member): number | undefined {
  const { kind } = seen.topology.platform;
  return timingOf(seen, member)?.election ?? (kind === 'k3s' || kind === 'rke2' ? rancherElection : undefined);
}

/** Milliseconds; k3s pkg/cluster/bootstrap.go and pkg/etcd/etcd.go, which RKE2 uses too. */
const rancherElection = 5000;

/** Milliseconds for which HAProxy has had no API server to send anybody to; 0 where it has one, or was not asked. */
function allTakenOutFor(seen: Seen<'lb.stats'>): number {
  const spans = seen.attempt(() => {
    const known = seen.known('lb.stats');
    return backendsOf(seen).map(({ state, row }) =>
      state === 'down' ? known.takenAt - (changedAt(known, row)?.latest ?? known.takenAt) : 0,
    );
  });
  return spans === undefined || spans.length === 0 ? 0 : Math.min(...spans);
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
