// How often has etcd's leader changed, as each member counted it?
import type { Seen } from '../../model/rule.ts';
import type { Member } from '../../model/topology.ts';
import { counterWindow, processAge } from './counters.ts';
import { type MemberEvidence, membersOf } from './member.ts';
import { metricsOf } from './member-words.ts';

type Needs = MemberEvidence | 'etcd.clock';

const mixin = 'etcd contrib/mixin/alerts/alerts.libsonnet: etcdHighNumberOfLeaderChanges';

/** How many are more than a planned transfer or a start bring about. */
export const electionLimits = {
  rate: { value: 4, unit: 'elections in a period', source: mixin },
  period: { value: 900, unit: 'seconds', source: mixin },
  burst: { value: 2, unit: 'elections within a short window', source: 'convention: one may be a planned transfer' },
  burstSeconds: { value: 120, unit: 'seconds', source: 'convention' },
} as const;

export type ElectionLimits = Readonly<Record<keyof typeof electionLimits, number>>;

/** Elections as one member counted them. */
export interface Counted {
  readonly member: Member;
  readonly changes: number;
  readonly seconds: number;
}

export interface Elections {
  /** Between two looks, of every member that was looked at twice. */
  readonly counted: readonly Counted[];
  /** Those that counted too many, the most first. */
  readonly loud: readonly Counted[];
  /**
   * The only one of them, where a quorum that was looked at twice kept its leader meanwhile: then none was elected, and this
   * member lost sight of the leader and found it again. One that is merely halted or starved does not: its own clock stands
   * still too (seen in the lab).
   */
  readonly alone?: Counted;
}

export function electionsSeen(seen: Seen<Needs>, limits: ElectionLimits): Elections {
  const members = membersOf(seen);
  const counted = members.flatMap((member) => betweenLooks(seen, member) ?? []);
  const young = members.flatMap((member) => sinceStart(seen, member, limits) ?? []);
  const loud = [...counted, ...young].filter((one) => tooMany(one, limits)).sort((one, other) => other.changes - one.changes);
  const losers = new Set(loud.map(({ member }) => member));
  const quiet = counted.filter((one) => one.changes === 0 && !losers.has(one.member));
  const [worst] = loud;
  const isAlone = losers.size === 1 && quiet.length * 2 > members.length;
  return { counted, loud, ...(worst !== undefined && isAlone && { alone: worst }) };
}

function tooMany({ changes, seconds }: Counted, limits: ElectionLimits): boolean {
  if (changes < limits.burst) return false;
  return seconds <= limits.burstSeconds || (changes / seconds) * limits.period >= limits.rate;
}

function betweenLooks(seen: Seen<Needs>, member: Member): Counted | undefined {
  const window = counterWindow(seen, member);
  return window && { member, changes: window.last.leaderChanges - window.first.leaderChanges, seconds: window.seconds };
}

/** A total is a rate only while the process is younger than the period; the leader found at the start is no change. */
function sinceStart(seen: Seen<Needs>, member: Member, limits: ElectionLimits): Counted | undefined {
  const metrics = metricsOf(seen, member)?.value;
  const age = metrics && processAge(seen, member, metrics);
  if (metrics === undefined || age === undefined || age >= limits.period) return undefined;
  const changes = metrics.leaderChanges - 1;
  return changes < limits.rate ? undefined : { member, changes, seconds: Math.round(age) };
}
