// By which settings do the instances of one component elect their leader?
import { type Flags, readGoDuration, readGoSwitch } from '../../model/flags.ts';
import type { Seen } from '../../model/rule.ts';
import type { Subject } from '../../model/subject.ts';
import { keysOn } from '../../model/topology.ts';
import type { Support } from '../../model/verdict.ts';
import { type LeaseEvidence, type LeaseLimits, readLeaseIn } from './lease.ts';
import { type ComponentEvidence, type ComponentLimits, readComponent } from './component.ts';
import { type ComponentFlags, componentFlags, type FlagEvidence } from './component-flags.ts';

const electing = ['kube-controller-manager', 'kube-scheduler', 'cloud-controller-manager'];

/** Seconds. */
export interface ElectionTiming {
  readonly duration: number;
  readonly deadline: number;
  readonly retry: number;
}

/** kubernetes/component-base config/v1alpha1/defaults.go */
export const defaultElection: ElectionTiming = { duration: 15, deadline: 10, retry: 2 };

export interface Elector {
  readonly node: string;
  /** Whether this is how it runs, not how it ran when its kubelet last reported. */
  readonly fresh: boolean;
  /** Undefined where only a configuration file says it, which the API does not show. */
  readonly elects: boolean | undefined;
  /** Such as `Lease kube-system/kube-scheduler`; undefined as above. */
  readonly lock: string | undefined;
  readonly timing: ElectionTiming | undefined;
}

/** The components of which instances are listed, each under the object its leader is elected by. */
export function electionSubjects(seen: Seen<'kube.control-plane-pods'>): readonly Subject[] {
  const { pods } = seen.get('kube.control-plane-pods');
  return electing.filter((component) => pods.some((pod) => pod.component === component && pod.node !== '')).map(electionSubject);
}

function electionSubject(component: string): Subject {
  const id = `kube-system/Lease/${component}`;
  return { kind: 'object', id, name: component, keys: { object: id } };
}

/** Every listed instance by its command line. Ends the judgement where nobody could list the pods. */
export function electorsOf(seen: Seen<FlagEvidence>, component: string, staleMs: number): readonly Elector[] {
  return componentFlags(seen, component, staleMs).map((one) => electorFrom(component, one));
}

function electorFrom(component: string, { node, flags, fresh }: ComponentFlags): Elector {
  const inFile = flags.has('config');
  const elect = flags.get('leader-elect') ?? (inFile ? undefined : 'true');
  return {
    node,
    fresh,
    elects: elect === undefined ? undefined : readGoSwitch(elect) !== false,
    lock: lockFrom(component, flags, inFile),
    timing: timingFrom(flags, inFile),
  };
}

function lockFrom(component: string, flags: Flags, inFile: boolean): string | undefined {
  const [kind, namespace, name] = ['lock', 'namespace', 'name'].map((part) => flags.get(`leader-elect-resource-${part}`));
  if (inFile && [kind, namespace, name].includes(undefined)) return undefined;
  const shown = kind === undefined || kind === 'leases' ? 'Lease' : kind;
  return `${shown} ${namespace ?? 'kube-system'}/${name ?? component}`;
}

/** Undefined also for a value that is no duration: such an instance does not start. */
function timingFrom(flags: Flags, inFile: boolean): ElectionTiming | undefined {
  const read = (flag: string, usual: number): number | undefined => {
    const text = flags.get(`leader-elect-${flag}`);
    if (text === undefined) return inFile ? undefined : usual;
    return readGoDuration(text);
  };
  const duration = read('lease-duration', defaultElection.duration);
  const deadline = read('renew-deadline', defaultElection.deadline);
  const retry = read('retry-period', defaultElection.retry);
  return duration === undefined || deadline === undefined || retry === undefined ? undefined : { duration, deadline, retry };
}

/** Whether every listed instance says that it elects no leader; false where none is listed. */
export function electsNowhere(seen: Seen<FlagEvidence>, component: string): boolean {
  if (seen.peek('kube.control-plane-pods')?.state !== 'known') return false;
  const all = electorsOf(seen, component, Number.POSITIVE_INFINITY);
  return all.length > 0 && all.every((one) => one.elects === false);
}

/** The instances a fault of these settings rests on. */
export function electorSupports(seen: Seen, all: readonly Elector[], isLost: (one: Elector) => boolean): readonly Support[] {
  return all.map((one) => ({ name: one.node, keys: keysOn(seen.topology, one.node), state: isLost(one) ? 'lost' : 'good' }));
}

/** `m1, m2` */
export function nodesOf(all: readonly Elector[]): string {
  return all.map((one) => one.node).join(', ');
}

/** The subject with the key of the only machine that is unlike the others, so that what else is odd there meets it. */
export function keyedBy(seen: Seen, subject: Subject, odd: readonly string[]): Subject {
  const [node, ...others] = odd;
  return node === undefined || others.length > 0 ? subject : { ...subject, keys: { ...keysOn(seen.topology, node), ...subject.keys } };
}

/** Those that surely run, as far as the API shows. */
export function runningOf(
  seen: Seen<FlagEvidence | ComponentEvidence>,
  component: string,
  all: readonly Elector[],
  limits: ComponentLimits,
): readonly Elector[] {
  const { pods, clock } = seen.get('kube.control-plane-pods');
  return all.filter((one) => {
    const pod = pods.find((candidate) => candidate.component === component && candidate.node === one.node);
    return one.fresh && pod !== undefined && seen.attempt(() => readComponent(seen, pod, clock, limits).kind === 'good') === true;
  });
}

export interface LocksHeld {
  readonly held: readonly string[];
  /** Nobody could see whether. */
  readonly open: readonly string[];
}

/** Behind which of these locks somebody leads. A lock that RBAC gives to nobody is only waited for. */
export function locksHeld(seen: Seen<LeaseEvidence>, locks: readonly string[], limits: LeaseLimits): LocksHeld {
  const stateOf = (lock: string): 'held' | 'free' | 'open' => {
    const [, namespace, name] = /^Lease ([^/]+)\/(.+)$/.exec(lock) ?? [];
    if (namespace !== 'kube-system') return 'open';
    const reading = seen.attempt(() =>
      readLeaseIn(seen, (all) => all.find((one) => one.namespace === namespace && one.name === name), limits),
    );
    if (reading === undefined || reading.kind === 'undecided') return 'open';
    return reading.kind === 'held' ? 'held' : 'free';
  };
  return { held: locks.filter((lock) => stateOf(lock) === 'held'), open: locks.filter((lock) => stateOf(lock) === 'open') };
}
