// How far is each clock from the others, and how surely is that known?
import type { Seen } from '../../model/rule.ts';
import { say, type Word } from '../../model/sentence.ts';
import type { Row, TableView } from '../../model/table.ts';
import { describeBounds, describeOffset, difference, type Offset, surelyBeyond, surelyWithin } from '../readings/clock.ts';
import { apiServerClock, hostClocks, memberClock } from '../readings/host-clock.ts';
import { holderNode, leaseSubjects } from '../readings/lease.ts';
import { findLease } from '../readings/lease-place.ts';
import { kubeletClock, othersThan, renewalLimits, renewerClock } from '../readings/renewal-clock.ts';
import { kubeletSkew, operatorSkew, serverSkew } from '../readings/skew.ts';

const columns = [
  { key: 'clock', head: 'CLOCK' },
  { key: 'kind', head: 'KIND' },
  { key: 'node', head: 'NODE' },
  { key: 'by', head: 'TOLD BY' },
  { key: 'offset', head: 'FROM US' },
  { key: 'skew', head: 'FROM THE OTHERS' },
  { key: 'verdict', head: 'PROVED' },
  { key: 'fromUsLow', head: 'FROM US, MS, LOW' },
  { key: 'fromUsHigh', head: 'FROM US, MS, HIGH' },
  { key: 'fromOthersLow', head: 'FROM THE OTHERS, MS, LOW' },
  { key: 'fromOthersHigh', head: 'FROM THE OTHERS, MS, HIGH' },
] as const;

/** What the first cell says on a screen stands apart in JSON. */
const stacks = [['clock'], ['by'], ['offset'], ['skew'], ['verdict']] as const;

const limits = { latency: renewalLimits.latency.value };

interface Told {
  readonly clock: string;
  readonly node: string | undefined;
  readonly by: Word;
  /** Against ours. */
  readonly offset: Offset | undefined;
  readonly skew: number;
  readonly agree: number;
  /** Bounds that are no middle with a margin. */
  readonly uneven?: true;
}

/** Pure, from evidence alone: a replay shows what the live run showed. */
export function viewClocks(seen: Seen): TableView {
  const told = [...apiServers(seen), ...members(seen), ...kubelets(seen), ...holders(seen)];
  return {
    title: titleOf(seen),
    columns,
    stacks,
    rows: [operatorRow(seen), ...told.map((one) => rowOf(seen, one))],
    notes: notesOf(seen),
  };
}

function apiServers(seen: Seen): readonly Told[] {
  return seen.topology.masters.map((master) => {
    const exact = seen.peek('api.clock', master.subject)?.state === 'known';
    const by = exact ? say('several Dates') : say('Date');
    return { clock: 'API server', node: master.subject.name, by, offset: apiServerClock(seen, master), ...numbers(serverSkew) };
  });
}

function members(seen: Seen): readonly Told[] {
  return seen.topology.members
    .filter((member) => member.started)
    .map((member) => {
      const item = seen.peek('etcd.clock', member.subject);
      const isExact = item?.state === 'known' && item.value.resolutionMs === 0;
      const by = isExact ? say('peer port') : say('Date');
      return {
        clock: 'etcd member',
        node: member.subject.keys.node ?? member.subject.name,
        by,
        offset: memberClock(seen, member),
        ...numbers(serverSkew),
      };
    });
}

function kubelets(seen: Seen): readonly Told[] {
  const nodes = seen.attempt(() => seen.get('kube.nodes').nodes) ?? [];
  return nodes.map(({ name }) => ({
    clock: 'kubelet',
    node: name,
    by: say('heartbeats'),
    offset: seen.attempt(() => kubeletClock(seen, name, limits)),
    ...numbers(kubeletSkew),
    uneven: true,
  }));
}

/** Whoever holds a lease writes its time into it. */
function holders(seen: Seen): readonly Told[] {
  const list = seen.attempt(() => seen.get('kube.leases'));
  return leaseSubjects(seen).flatMap((subject) => {
    const lease = findLease(seen, list?.leases ?? [], subject.name);
    if (lease === undefined || lease.holder === '') return [];
    const offset = list?.clock === undefined ? undefined : renewerClock(seen, lease, list.clock, limits);
    return [
      {
        clock: subject.name,
        node: holderNode(seen, lease.holder),
        by: say('its lease'),
        offset,
        ...numbers(kubeletSkew),
        uneven: true as const,
      },
    ];
  });
}

function numbers(one: { readonly skew: { readonly value: number }; readonly agree: { readonly value: number } }) {
  return { skew: one.skew.value, agree: one.agree.value };
}

function rowOf(seen: Seen, told: Told): Row {
  const { clock, node, by, offset } = told;
  const named = { clock: node === undefined ? clock : say('{clock} on {node}', { clock, node }), kind: clock, node };
  if (offset === undefined) return named;
  const describe = told.uneven ? describeBounds : describeOffset;
  const others = othersThan(seen, node);
  const skew = others && difference(offset, others.offset);
  return {
    ...named,
    by,
    offset: describe(offset),
    skew: skew && describe(skew),
    verdict: skew && outcome(skew, told),
    ...bounds('fromUs', offset),
    ...bounds('fromOthers', skew),
  };
}

/** Whole milliseconds for programs, rounded outwards; an open side stays unknown. */
function bounds(name: string, offset: Offset | undefined): Row {
  const whole = (value: number | undefined): Word | undefined => (value === undefined || !Number.isFinite(value) ? undefined : value);
  const [low, high] = [offset && Math.floor(offset.low), offset && Math.ceil(offset.high)];
  return { [`${name}Low`]: whole(low), [`${name}High`]: whole(high) };
}

/** Our own clock against all of theirs. */
function operatorRow(seen: Seen): Row {
  const row = { clock: 'this machine', kind: 'operator', node: 'none', by: say('itself'), offset: 'none' };
  const others = othersThan(seen, undefined);
  if (others === undefined) return row;
  const skew = { low: -others.offset.high, high: -others.offset.low };
  const value = operatorSkew.skew.value;
  return { ...row, skew: describeOffset(skew), ...bounds('fromOthers', skew), verdict: outcome(skew, { skew: value, agree: value }) };
}

function outcome(skew: Offset, { skew: fault, agree }: Pick<Told, 'skew' | 'agree'>): Word {
  if (surelyBeyond(skew, fault)) return 'OFF';
  return surelyWithin(skew, agree) ? say('within {seconds} s', { seconds: agree / 1000 }) : 'undecided';
}

function titleOf(seen: Seen): Word {
  const clocks = hostClocks(seen);
  const { masters } = seen.topology;
  if (clocks.length === 0) return 'no machine of the control plane told the time';
  const names = clocks.map((one) => one.node).join(', ');
  const off = clocks.filter((one) => {
    const others = othersThan(seen, one.node);
    return others !== undefined && surelyBeyond(difference(one.offset, others.offset), serverSkew.skew.value);
  });
  // Of two that differ nobody knows which is off.
  if (off.length > 0 && clocks.length < 3) return say('the clocks of {names} differ', { names });
  if (off.length > 0) return say('off: {off}', { off: off.map((one) => one.node).join(', ') });
  return say('{names} told the time; none of {all} masters is proved off', { names, all: masters.length });
}

/** What would make the bounds tighter or fill a gap. */
function notesOf(seen: Seen): readonly Word[] {
  const { masters, members: all } = seen.topology;
  const coarse = masters.length > 0 && masters.every((master) => seen.peek('api.clock', master.subject)?.state !== 'known');
  const gaps = all.flatMap((member) => {
    const item = seen.peek('etcd.clock', member.subject);
    return item?.state === 'missing' ? [item.howToGet] : [];
  });
  return [
    say('Heartbeats and leases may have been under way for up to {seconds} s: their upper bounds say no more.', {
      seconds: limits.latency / 1000,
    }),
    ...(coarse ? [say('bounds of milliseconds: {flag}', { flag: '--deep' })] : []),
    ...[...new Set(gaps)].map((howToGet) => say('clocks of etcd members: {howToGet}', { howToGet })),
  ];
}
