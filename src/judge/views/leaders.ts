// Who leads which controller, from where, since when, and who could take over?
import type { LeaseSeen } from '../../model/kubernetes.ts';
import type { Seen } from '../../model/rule.ts';
import { joinTexts, say, type Text, type Word } from '../../model/sentence.ts';
import type { Row, TableView } from '../../model/table.ts';
import { describeDuration } from '../../model/time.ts';
import { candidatesOf, type ComponentLimits, readComponent, startingLimit } from '../readings/component.ts';
import { electorsOf } from '../readings/election.ts';
import { type Holder, readHolder } from '../readings/holder.ts';
import { type LeaseReading, leaseSubjects, namedSubjects, readLease, readLeaseIn, readLeaseOf } from '../readings/lease.ts';
import { findLease } from '../readings/lease-place.ts';
import { nodeLimits, readNode } from '../readings/node.ts';

const columns = [
  { key: 'lease', head: 'LEASE' },
  { key: 'state', head: 'STATE' },
  { key: 'age', head: 'RENEWED' },
  { key: 'holder', head: 'HOLDER' },
  { key: 'node', head: 'ITS NODE' },
  { key: 'pod', head: 'ITS POD' },
  { key: 'moves', head: 'MOVES' },
  { key: 'standby', head: 'CAN LEAD' },
  { key: 'elects', head: 'ELECTS' },
  { key: 'timing', head: 'TIMINGS' },
] as const;

/** One above the other on a screen, where ten columns have no room. */
const stacks = [['lease', 'holder', 'pod'], ['state', 'age'], ['node', 'standby'], ['moves'], ['elects', 'timing']] as const;

const limits: ComponentLimits = {
  ...(Object.fromEntries(Object.entries(nodeLimits).map(([name, { value }]) => [name, value])) as Record<keyof typeof nodeLimits, number>),
  starting: startingLimit.value,
};

type LeaseList = 'kube.leases' | 'kube.named-leases';

/** Pure, from evidence alone: a replay shows what the live run showed. */
export function viewLeaders(seen: Seen): TableView {
  const components = leaseSubjects(seen).map((subject) => subject.name);
  const own = components.map((component) => componentRow(seen, component));
  const others = otherLeases(seen, components).map((lease) => otherRow(seen, lease));
  return { title: titleOf(seen, components), columns, stacks, rows: [...own, ...others, ...namedRows(seen)], notes: notesOf(seen) };
}

/** Every lease of kube-system that somebody may lead by; identity leases of API servers only say that they live. */
function otherLeases(seen: Seen, components: readonly string[]): readonly LeaseSeen[] {
  const leases = seen.attempt(() => seen.get('kube.leases').leases) ?? [];
  const shown = components.map((component) => findLease(seen, leases, component));
  return leases.filter((lease) => !shown.includes(lease) && lease.labels['apiserver.kubernetes.io/identity'] === undefined);
}

function componentRow(seen: Seen, component: string): Row {
  const reading = seen.attempt(() => readLease(seen, component, limits));
  return {
    ...leaseCells(seen, component, reading),
    pod: podOf(seen, component, reading),
    standby: standbyOf(seen, component),
    ...electionOf(seen, component),
  };
}

function otherRow(seen: Seen, lease: LeaseSeen): Row {
  const find = (leases: readonly LeaseSeen[]) => leases.find((one) => one.namespace === lease.namespace && one.name === lease.name);
  const reading = seen.attempt(() => readLeaseIn(seen, find, limits));
  const name = lease.namespace === 'kube-system' ? lease.name : `${lease.namespace}/${lease.name}`;
  return leaseCells(seen, name, reading);
}

/** Those the user named, the ones that are not there too. */
function namedRows(seen: Seen): readonly Row[] {
  const absent = seen.attempt(() => seen.get('kube.named-leases').absent) ?? [];
  return [
    ...namedSubjects(seen).map((subject) =>
      leaseCells(
        seen,
        subject.name,
        seen.attempt(() => readLeaseOf(seen, subject, limits)),
        'kube.named-leases',
      ),
    ),
    ...absent.map((name) => leaseCells(seen, name, { kind: 'absent' })),
  ];
}

function leaseCells(seen: Seen, name: string, reading: LeaseReading | undefined, list: LeaseList = 'kube.leases'): Row {
  if (reading === undefined) return { lease: name };
  if (reading.kind === 'absent') return { lease: name, state: 'no lease', holder: 'nobody' };
  const { lease } = reading;
  return {
    lease: name,
    state: stateOf(reading),
    age: ageOf(reading),
    holder: lease.holder || 'nobody',
    node: nodeOf(
      seen,
      seen.attempt(() => readHolder(seen, lease)),
    ),
    moves: movesOf(seen, lease, list),
  };
}

function stateOf(reading: Exclude<LeaseReading, { kind: 'absent' }>): Word | undefined {
  if (reading.kind === 'held') return 'held';
  if (reading.kind === 'expired') return 'EXPIRED';
  return reading.lease.holder === '' ? 'given back' : undefined;
}

/** By the clocks of the cluster. */
function ageOf(reading: Exclude<LeaseReading, { kind: 'absent' }>): Word | undefined {
  const { age } = reading;
  if (age === undefined) return undefined;
  return age.high < 0 ? say('in the future') : say('{age} ago', { age: describeDuration(age.low) });
}

function nodeOf(seen: Seen, holder: Holder | undefined): Word | undefined {
  if (holder === undefined || holder.kind === 'opaque') return undefined;
  if (holder.kind === 'nobody') return 'none';
  if (holder.kind === 'stranger' || holder.kind === 'elsewhere') return say('{host}: no node', { host: holder.host });
  const { name, ready } = holder.node;
  const reading = seen.attempt(() => readNode(seen, name, limits));
  if (reading?.kind === 'ready') return say('{name}, Ready', { name });
  if (reading?.kind === 'stale') return say('{name}, silent', { name });
  return ready === 'True' ? say('{name}, Ready or not: ?', { name }) : say('{name}, NOT Ready', { name });
}

function podOf(seen: Seen, component: string, reading: LeaseReading | undefined): Word | undefined {
  if (reading === undefined || reading.kind === 'absent') return undefined;
  const holder = seen.attempt(() => readHolder(seen, reading.lease));
  if (holder?.kind !== 'node') return undefined;
  return seen.attempt(() => {
    const { pods, clock } = seen.get('kube.control-plane-pods');
    const pod = pods.find((one) => one.component === component && one.node === holder.node.name);
    return pod === undefined ? say('no pod is listed there') : readComponent(seen, pod, clock, limits).words;
  });
}

/** All that were counted, and those between two looks. */
function movesOf(seen: Seen, lease: LeaseSeen, list: LeaseList): Word {
  const looks = seen.samples(list);
  const [first, last] = [looks[0], looks[looks.length - 1]];
  const before = first?.value.leases.find((one) => one.namespace === lease.namespace && one.name === lease.name);
  if (first === undefined || last === undefined || first === last || before === undefined) return lease.transitions;
  const span = describeDuration(last.takenAt - first.takenAt);
  return say('{total}, {moves} within {span}', { total: lease.transitions, moves: lease.transitions - before.transitions, span });
}

function standbyOf(seen: Seen, component: string): Word | undefined {
  if (seen.peek('kube.control-plane-pods')?.state !== 'known') return undefined;
  const all = candidatesOf(seen, component, limits);
  const [good, open] = [all.filter((one) => one.state === 'good').length, all.filter((one) => one.state === 'unknown').length];
  if (all.length === 0) return undefined;
  return open === 0
    ? say('{good} of {all}', { good, all: all.length })
    : say('{good} of {all}, {open} not known', { good, all: all.length, open });
}

/** What the instances are started with; each value that is not everybody's with its nodes. */
function electionOf(seen: Seen, component: string): Row {
  const all = seen.attempt(() => electorsOf(seen, component, limits.heartbeat * 1000)) ?? [];
  const by = (words: (one: (typeof all)[number]) => string | undefined): Word | undefined => {
    const values = [...new Set(all.map(words))];
    if (values.includes(undefined) || values.length === 0) return undefined;
    if (values.length === 1) return values[0];
    const parts = values.map((value): Text => {
      const nodes = all.filter((one) => words(one) === value).map((one) => one.node);
      return say('{nodes}: {value}', { nodes: nodes.join(', '), value: value ?? '' });
    });
    return joinTexts(parts, '; ');
  };
  return {
    elects: by((one) =>
      one.elects === false ? 'no' : one.elects === undefined ? undefined : one.lock === `Lease kube-system/${component}` ? 'yes' : one.lock,
    ),
    timing: by((one) => one.timing && `${one.timing.duration}/${one.timing.deadline}/${one.timing.retry} s`),
  };
}

function titleOf(seen: Seen, components: readonly string[]): Word {
  const readings = components.map((component) => seen.attempt(() => readLease(seen, component, limits)));
  const known = readings.filter((one) => one !== undefined);
  if (known.length === 0) return 'nobody can say who leads: the leases of kube-system could not be read';
  const facts = { held: known.filter((one) => one.kind === 'held').length, all: components.length };
  return say('{held} of {all} controllers surely have a leader', facts);
}

/** What would turn the question marks into answers. */
function notesOf(seen: Seen): readonly Word[] {
  const gaps = (['kube.leases', 'kube.nodes', 'kube.control-plane-pods'] as const).flatMap((id) => {
    const item = seen.peek(id);
    return item?.state === 'missing' ? [say('{id}: {detail} {howToGet}', { id, detail: item.detail, howToGet: item.howToGet })] : [];
  });
  const sampled = seen.attempt(() => seen.samples('kube.leases').length) ?? 0;
  return sampled === 1 ? [...gaps, say('moves within a time: {flag}', { flag: '--deep' })] : gaps;
}
