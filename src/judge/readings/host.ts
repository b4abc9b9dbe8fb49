// Does anything on this machine answer, and who besides us says that it is gone?
import { namesOf } from './voters.ts';
import type { FailureClass } from '../../model/network.ts';
import { say, type Text } from '../../model/sentence.ts';
import type { Certainty, Seen } from '../../model/rule.ts';
import type { Subject } from '../../model/subject.ts';
import type { Machine } from '../../model/topology.ts';
import { leaseAge } from './age.ts';
import { readApiServer } from './api-server.ts';
import { backendsOf } from './backend.ts';
import { answersCheck } from './balancer-check.ts';
import { nodeLimits } from './node.ts';
import { isOneProcess, kubeletUsesOwnApiServer } from './wiring.ts';

export type HostEvidence =
  | 'api.ready'
  | 'etcd.client-port'
  | 'etcd.metrics'
  | 'node.kubelet-port'
  | 'lb.stats'
  | 'lb.envoy'
  | 'kube.nodes'
  | 'kube.node-leases';

const kubeletPort = 10250;

export interface Door {
  readonly service: 'API server' | 'etcd' | 'kubelet';
  readonly port: number;
  /** It took the connection, and then said nothing. */
  readonly hung: boolean;
  readonly words: Text;
  /** How often it was tried since it last answered. */
  readonly tries: number;
}

/**
 * Services of one machine by how they took our knocking: a refusal proves a living host as well as an answer does. Where all
 * connect and none says a word, kernel and cable live, and nothing else that could be seen.
 */
export interface Doors {
  readonly alive: readonly Door[];
  readonly gone: readonly Door[];
  readonly unknown: readonly Door[];
}

export function readDoors(seen: Seen<HostEvidence>, machine: Machine): Doors {
  const knocked = waysIn(seen, machine).map((way) => ({ way, why: seen.attempt(way.ask) }));
  const doors = (wanted: (why: Outcome) => boolean): Door[] =>
    knocked
      .filter(({ why }) => wanted(why))
      .map(({ way: { service, port, tries }, why }) => ({ service, port, hung: why === 'hung', words: wordsOf(why), tries: tries() }));
  return { alive: doors((why) => why !== undefined && !isGone(why)), gone: doors(isGone), unknown: doors((why) => why === undefined) };
}

/** Undefined: nobody could knock. */
type Outcome = FailureClass | 'open' | undefined;

interface Way {
  readonly service: Door['service'];
  readonly port: number;
  readonly ask: () => FailureClass | 'open';
  readonly tries: () => number;
}

function waysIn(seen: Seen<HostEvidence>, machine: Machine): readonly Way[] {
  const node = machine.subject.keys.node;
  const master = seen.topology.masters.find((one) => one.subject.keys.node === node);
  const member = seen.topology.members.find((one) => one.started && one.subject.keys.node === node);
  const ways: Way[] = [];
  if (master !== undefined) {
    const ask = () => {
      const reading = readApiServer(seen, master);
      return reading.kind === 'silent' ? reading.why : 'open';
    };
    const looks = () => (seen.attempt(() => seen.samples('api.ready', master.subject)) ?? []).map(({ value }) => value.tries);
    ways.push({ service: 'API server', port: master.port, ask, tries: () => sinceAnswer(looks()) });
  }
  const knocks = (id: 'etcd.client-port' | 'node.kubelet-port', subject: Subject): Pick<Way, 'ask' | 'tries'> => ({
    ask: () => knock(seen.get(id, subject)),
    tries: () => sinceAnswer((seen.attempt(() => seen.samples(id, subject)) ?? []).map(({ value }) => [value])),
  });
  if (member !== undefined) ways.push({ service: 'etcd', port: member.clientPort, ...knocks('etcd.client-port', member.subject) });
  ways.push({ service: 'kubelet', port: kubeletPort, ...knocks('node.kubelet-port', machine.subject) });
  return ways;
}

/** @param looks the tries of each look, the oldest first */
function sinceAnswer(looks: readonly (readonly { readonly outcome: { readonly kind: string } }[])[]): number {
  const answered = looks.findLastIndex((tries) => tries.some(({ outcome }) => outcome.kind !== 'failed'));
  return looks.slice(answered + 1).flat().length;
}

function knock(seen: {
  readonly outcome: { readonly kind: 'open' } | { readonly kind: 'failed'; readonly why: FailureClass };
}): FailureClass | 'open' {
  return seen.outcome.kind === 'open' ? 'open' : seen.outcome.why;
}

function isGone(why: Outcome): boolean {
  return why === 'timeout' || why === 'unreachable' || why === 'hung';
}

function wordsOf(why: Outcome): string {
  if (why === undefined) return 'could not be asked';
  return { open: 'answers', timeout: 'no answer', unreachable: 'no route', hung: 'connects, then silence' }[why as 'open'] ?? why;
}

/** What others see of a machine that is silent to us: sentences for each side. */
export interface OtherViews {
  readonly gone: readonly Text[];
  readonly alive: readonly Text[];
}

/** @param staleMs age from which a node's lease speaks against it. */
export function otherViews(seen: Seen<HostEvidence>, machine: Machine, staleMs: number): OtherViews {
  const views = [balancerView(seen, machine), leaseView(seen, machine, staleMs), peerView(seen, machine)];
  const saying = (gone: boolean) => views.flatMap((view) => (view !== undefined && view.gone === gone ? [view.words] : []));
  return { gone: saying(true), alive: saying(false) };
}

/** Whether anybody besides us says that this machine has gone. */
export function othersHaveLost(seen: Seen<HostEvidence>, node: string | undefined): boolean {
  const machine = seen.topology.machines.find((one) => node !== undefined && one.subject.keys.node === node);
  return machine !== undefined && otherViews(seen, machine, nodeLimits.heartbeat.value * 1000).gone.length > 0;
}

interface View {
  readonly gone: boolean;
  readonly words: Text;
}

function balancerView(seen: Seen<HostEvidence>, machine: Machine): View | undefined {
  const backend = seen.attempt(() => backendsOf(seen).find((one) => one.master?.subject.keys.node === machine.subject.keys.node));
  if (backend === undefined || backend.state === 'maintenance') return undefined;
  const { state, check, row, envoy } = backend;
  if (envoy !== undefined) {
    if (state === 'down' && envoy.timedOut)
      return { gone: true, words: say('Envoy gets no answer from it either ({status})', { status: row.status }) };
    return answersCheck(backend) ? { gone: false, words: 'Envoy still gets answers from it' } : undefined;
  }
  if (check === 'L4TOUT')
    return { gone: true, words: say('HAProxy cannot connect to it either ({status} L4TOUT)', { status: row.status }) };
  if (state === 'down' && /^L[67]TOUT$/.test(check))
    return { gone: true, words: say('HAProxy gets no answer from it either ({check})', { check }) };
  if (state === 'down' && check.startsWith('L4'))
    return { gone: true, words: say('HAProxy cannot connect to it either ({check})', { check }) };
  // Whatever it says, it says something.
  if (/^L7(STS|RSP)$/.test(check) || (state === 'up' && /^L\d+OK/.test(check)))
    return { gone: false, words: say('HAProxy still gets answers from it ({check})', { check }) };
  return undefined;
}

function leaseView(seen: Seen<HostEvidence>, machine: Machine, staleMs: number): View | undefined {
  const nodes = seen.peek('kube.nodes');
  const node = nodes?.state === 'known' ? nodes.value.nodes.find((one) => one.name === machine.subject.name) : undefined;
  if (node?.ready === 'Unknown') return { gone: true, words: 'the controller manager no longer hears from its kubelet' };
  const leases = seen.peek('kube.node-leases');
  if (leases?.state !== 'known' || leases.value.clock === undefined) return undefined;
  const lease = leases.value.leases.find((one) => one.name === machine.subject.name);
  const age = lease === undefined ? undefined : leaseAge(lease, leases.value.clock);
  if (age === undefined || age.low <= staleMs) return undefined;
  return {
    gone: true,
    words: say('its kubelet has not renewed its node lease for {seconds} s', { seconds: Math.floor(age.low / 1000) }),
  };
}

function peerView(seen: Seen<HostEvidence>, machine: Machine): View | undefined {
  const { member: id, node } = machine.subject.keys;
  if (id === undefined) return undefined;
  const losing = seen.topology.members.filter((member) => {
    if (member.subject.keys.node === node) return false;
    const metrics = seen.peek('etcd.metrics', member.subject);
    return metrics?.state === 'known' && metrics.value.kind === 'answered' && metrics.value.activePeers[id] === 0;
  });
  if (losing.length === 0) return undefined;
  return {
    gone: true,
    words: say('etcd on {losing} has lost its stream to it', { losing: namesOf(losing) }),
  };
}

/** Whether anything at all on any of these machines, or on another, answered us: then the way there is open. */
export function ourPathIsOpen(seen: Seen<HostEvidence>, machines: readonly Machine[]): Certainty {
  const doors = machines.map((machine) => readDoors(seen, machine));
  if (doors.some((one) => one.alive.length > 0)) return 'yes';
  return doors.some((one) => one.unknown.length > 0) ? 'unknown' : 'no';
}

/**
 * Whether no control-plane machine answers us on any port, while the load balancer passes us on to some: our silence then tells
 * of our own path, and nothing about one of them.
 */
export function onlyTheEntryAnswers(seen: Seen<HostEvidence | 'lb.tries'>): boolean {
  const machines = seen.topology.machines.filter((machine) => machine.controlPlane);
  if (machines.length < 2 || seen.topology.entryIsMaster) return false;
  const entry = seen.peek('lb.tries');
  const serves = entry?.state === 'known' && entry.value.tries.some(({ outcome }) => outcome.kind === 'answered');
  return serves && ourPathIsOpen(seen, machines) !== 'yes';
}

/**
 * A node whose kubelet itself is silent has a reason of its own to be NotReady. That packets to it are lost counts only where
 * those to another kubelet arrive: many a firewall keeps operators away from all of them.
 */
export function kubeletIsSilent(seen: Seen<'node.kubelet-port'>, node: string | undefined): boolean {
  const outcome = (machine: Machine) => {
    const port = seen.peek('node.kubelet-port', machine.subject);
    return port?.state === 'known' ? port.value.outcome : undefined;
  };
  const machine = seen.topology.machines.find((one) => one.subject.keys.node === node);
  const own = machine === undefined ? undefined : outcome(machine);
  if (own?.kind !== 'failed') return false;
  return own.why === 'refused' || seen.topology.machines.some((other) => outcome(other)?.kind === 'open');
}

/** Does this node fall silent with the API server beside it, and for no reason of its kubelet's own, where that is a process of its own? */
export function kubeletHangsOnOwnApiServer(seen: Seen<'node.kubelet-port'>, node: string | undefined): Certainty {
  if (isOneProcess(seen, node)) return 'yes';
  return kubeletIsSilent(seen, node) ? 'no' : kubeletUsesOwnApiServer(seen, node);
}
