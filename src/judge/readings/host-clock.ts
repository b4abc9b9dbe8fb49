// What time is it on each control-plane host, and how far is one of them from the rest? All values in milliseconds.
import { say, type Text } from '../../model/sentence.ts';
import type { Seen } from '../../model/rule.ts';
import type { Master, Member } from '../../model/topology.ts';
import { difference, intersect, type Offset, offsetFromTries, offsetOf, surelyWithin } from './clock.ts';

export type ClockEvidence = 'api.ready' | 'api.clock' | 'etcd.clock';

/** One machine's clock against ours, by everything on that machine that told a time. */
export interface HostClock {
  readonly node: string;
  readonly offset: Offset;
}

/** Undefined when the API server told no time, or times that contradict each other. */
export function apiServerClock(seen: Seen<'api.ready' | 'api.clock'>, master: Master): Offset | undefined {
  const exact = seen.peek('api.clock', master.subject);
  if (exact?.state === 'known' && exact.value.readings.length > 0) return intersect(exact.value.readings.map(offsetOf));
  const item = seen.peek('api.ready', master.subject);
  return item?.state === 'known' ? offsetFromTries(item.value.tries) : undefined;
}

export function memberClock(seen: Seen<'etcd.clock'>, member: Member): Offset | undefined {
  const item = seen.peek('etcd.clock', member.subject);
  return item?.state === 'known' ? offsetOf(item.value) : undefined;
}

/** Services on one machine share its clock, so a machine counts once, however many of them told a time. */
export function hostClocks(seen: Seen<ClockEvidence>): readonly HostClock[] {
  return seen.shared(readHostClocks);
}

function readHostClocks(seen: Seen<ClockEvidence>): readonly HostClock[] {
  const readings = new Map<string, Offset[]>();
  const add = (node: string | undefined, offset: Offset | undefined): void => {
    if (node !== undefined && offset !== undefined) readings.set(node, [...(readings.get(node) ?? []), offset]);
  };
  for (const master of seen.topology.masters) add(master.subject.keys.node, apiServerClock(seen, master));
  for (const member of seen.topology.members) add(member.subject.keys.node, memberClock(seen, member));
  const clocks = [...readings].flatMap(([node, offsets]) => {
    const offset = intersect(offsets) ?? offsets[0];
    return offset === undefined ? [] : [{ node, offset }];
  });
  return clocks.sort((one, other) => (one.node < other.node ? -1 : 1));
}

/** Undefined where nothing on that machine told a time. */
export function clockOn(seen: Seen<ClockEvidence>, node: string | undefined): Offset | undefined {
  return hostClocks(seen).find((clock) => clock.node === node)?.offset;
}

/** Everything any of the clocks may show. */
export function hullOf(offsets: readonly Offset[]): Offset | undefined {
  if (offsets.length === 0) return undefined;
  return { low: Math.min(...offsets.map((one) => one.low)), high: Math.max(...offsets.map((one) => one.high)) };
}

/** Everything the clock of any API server may show; undefined where one of them told no time, or not all are known. */
export function anyMasterClock(seen: Seen<ClockEvidence>): Offset | undefined {
  const { masters, mastersComplete } = seen.topology;
  const clocks = masters.map((master) => clockOn(seen, master.subject.keys.node));
  return mastersComplete && !clocks.includes(undefined) ? hullOf(clocks.filter((clock) => clock !== undefined)) : undefined;
}

/** Bounds of the median: bounds of each clock hold for the clocks in order, too. */
export function medianOf(offsets: readonly Offset[]): Offset | undefined {
  const low = middle(offsets.map((one) => one.low));
  const high = middle(offsets.map((one) => one.high));
  return low === undefined || high === undefined ? undefined : { low, high };
}

function middle(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((one, other) => one - other);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.floor((sorted.length - 1) / 2)];
  return upper === undefined || lower === undefined ? undefined : (lower + upper) / 2;
}

export interface Skew {
  readonly offset: Offset;
  /** The machines compared with. */
  readonly others: readonly string[];
}

/**
 * How far one clock is from the rest: from the median of all machines, itself among them, so that one clock that is off
 * does not make the others look wrong. Of two machines our own clock tells which is off when it agrees with one of them
 * alone; else nobody can say, and it is their difference.
 * @param agree milliseconds within which two clocks are alike.
 */
export function skewOf(node: string, own: Offset, clocks: readonly HostClock[], agree: number): Skew | undefined {
  const others = clocks.filter((clock) => clock.node !== node);
  const [first] = others;
  if (first === undefined) return undefined;
  const names = others.map((clock) => clock.node);
  if (others.length === 1) {
    const [isOurs, isOtherOurs] = [surelyWithin(own, agree), surelyWithin(first.offset, agree)];
    const witnesses = isOurs === isOtherOurs ? names : [...(isOurs ? [] : names), 'this machine'];
    return { offset: isOurs && !isOtherOurs ? own : difference(own, first.offset), others: witnesses };
  }
  const median = medianOf([own, ...others.map((clock) => clock.offset)]);
  return median === undefined ? undefined : { offset: difference(own, median), others: names };
}

/** Bounds of now by the servers' clocks, and whose they are. */
export interface ServerNow {
  readonly low: number;
  readonly high: number;
  /** Such as `the clocks of m1, m3`; for sentences that go on with "by". */
  readonly by: Text;
  readonly whose: 'servers' | 'ours';
}

/**
 * The time that clients of the cluster live by. Three machines outvote one that is off; of two everything that either says is possible.
 * Of one alone nobody can tell whether it or our own is off, so that what ours says is possible too. Only where no server told the time
 * does our own clock decide.
 */
export function serverNow(seen: Seen<ClockEvidence | 'lb.tries'>): ServerNow {
  return seen.shared(readServerNow);
}

function readServerNow(seen: Seen<ClockEvidence | 'lb.tries'>): ServerNow {
  const clocks = hostClocks(seen);
  const offsets = clocks.map((clock) => clock.offset);
  const offset = offsets.length >= 3 ? medianOf(offsets) : offsets.length === 2 ? hullOf(offsets) : withOurs(offsets);
  const at = seen.startedAt;
  if (offset !== undefined) {
    const names = clocks.map((clock) => clock.node).join(', ');
    return {
      low: at + offset.low,
      high: at + offset.high,
      by: clocks.length === 1 ? say('the clock of {names} and this machine’s', { names }) : say('the clocks of {names}', { names }),
      whose: 'servers',
    };
  }
  const entry = seen.peek('lb.tries');
  const tries = entry?.state === 'known' ? entry.value.tries : [];
  const answering = withOurs(tries.flatMap((one) => offsetFromTries([one]) ?? []));
  if (answering !== undefined) {
    return { low: at + answering.low, high: at + answering.high, by: 'the API’s own clock and this machine’s', whose: 'servers' };
  }
  return { low: at, high: at, by: 'this machine’s clock, no server told the time', whose: 'ours' };
}

/** Undefined where no server told the time. */
function withOurs(offsets: readonly Offset[]): Offset | undefined {
  return offsets.length === 0 ? undefined : hullOf([...offsets, { low: 0, high: 0 }]);
}
