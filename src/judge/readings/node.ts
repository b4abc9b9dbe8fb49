// Is a node reporting, and what does its last report say?
import type { LeaseSeen, NodeSeen, ServerClock } from '../../model/kubernetes.ts';
import type { Certainty, Seen } from '../../model/rule.ts';
import type { Since } from '../../model/verdict.ts';
import { type Age, ageAt } from './age.ts';
import { clockOn, hostClocks, hullOf } from './host-clock.ts';
import { type LeaseEvidence, type LeaseLimits, leaseLimits, renewalAge } from './lease.ts';

export type NodeEvidence = 'kube.nodes' | 'kube.node-leases' | LeaseEvidence;

/** Whether the API calls it Ready; false where it does not, or nobody could list it. */
export function isReadyNode(seen: Seen<'kube.nodes'>, node: string | undefined): boolean {
  const list = seen.peek('kube.nodes');
  return list?.state === 'known' && list.value.nodes.some((one) => one.name === node && one.ready === 'True');
}

export interface NodeLimits extends LeaseLimits {
  /** Seconds without a heartbeat after which it counts as stopped. */
  readonly heartbeat: number;
  /** Seconds between two looks in which a kubelet has surely renewed. */
  readonly renewal: number;
}

export const nodeLimits = {
  ...leaseLimits,
  heartbeat: {
    value: 40,
    unit: 'seconds',
    source: 'https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/ (nodeLeaseDurationSeconds)',
  },
  renewal: {
    value: 12,
    unit: 'seconds',
    source: 'kubernetes pkg/kubelet: it renews every quarter of nodeLeaseDurationSeconds, which is 10 s; the rest is margin',
  },
} as const;

export type NodeReading =
  | { readonly kind: 'ready'; readonly node: NodeSeen; readonly heartbeat: Age }
  | { readonly kind: 'notready'; readonly node: NodeSeen; readonly heartbeat?: Age; readonly since?: Since }
  | { readonly kind: 'stale'; readonly node: NodeSeen; readonly heartbeat: Age }
  /** `looksOld`: a second look would tell a stopped heartbeat from a clock that is behind. */
  | { readonly kind: 'undecided'; readonly node: NodeSeen; readonly detail: string; readonly looksOld?: true };

/** Ends the judgement as unknown where nodes, or the heartbeat of a node that says Ready, could not be read. */
export function readNode(seen: Seen<NodeEvidence>, name: string, limits: NodeLimits): NodeReading | undefined {
  const list = seen.get('kube.nodes');
  const node = list.nodes.find((one) => one.name === name);
  if (node === undefined) return undefined;
  if (node.ready !== 'True') return { kind: 'notready', node, ...sinceOf(seen, node, list.clock), ...heartbeatIfSeen(seen, name) };
  const leases = seen.get('kube.node-leases');
  const lease = leases.leases.find((one) => one.name === name);
  if (lease?.renewedAt === undefined || leases.clock === undefined) {
    return { kind: 'undecided', node, detail: `${name} says Ready, but how old its heartbeat is cannot be told` };
  }
  const heartbeat = heartbeatAge(seen, name, lease.renewedAt, leases.clock);
  if (heartbeat.low <= limits.heartbeat * 1000) return { kind: 'ready', node, heartbeat };
  const watched = watch(seen, lease);
  if (watched?.moved === true) return { kind: 'ready', node, heartbeat };
  if (tellsTimeOrIsSilent(seen, name) || (watched !== undefined && watched.milliseconds > limits.renewal * 1000))
    return { kind: 'stale', node, heartbeat };
  const age = Math.floor(heartbeat.low / 1000);
  const detail = `the heartbeat of ${name} looks ${age} s old and yet it is held for Ready: its clock may be behind`;
  return { kind: 'undecided', node, detail, looksOld: true };
}

/** The kubelet wrote the renewal with its own clock; where that is not known, the API server's has to do. */
function heartbeatAge(seen: Seen<NodeEvidence>, name: string, renewedAt: number, clock: ServerClock): Age {
  return renewalAge(renewedAt, clock, clockOn(seen, name), 0);
}

function heartbeatIfSeen(seen: Seen<NodeEvidence>, name: string): { heartbeat?: Age } {
  const list = seen.peek('kube.node-leases');
  if (list?.state !== 'known' || list.value.clock === undefined) return {};
  const renewedAt = list.value.leases.find((one) => one.name === name)?.renewedAt;
  return renewedAt === undefined ? {} : { heartbeat: heartbeatAge(seen, name, renewedAt, list.value.clock) };
}

/** A master whose clock nobody could read while another one's was read is silent to us as well as to the API. */
function tellsTimeOrIsSilent(seen: Seen<NodeEvidence>, name: string): boolean {
  const isMaster = seen.topology.machines.some((one) => one.subject.id === name && one.controlPlane);
  return clockOn(seen, name) !== undefined || (isMaster && hostClocks(seen).length > 0);
}

/** Two looks at a heartbeat settle it, whatever the clocks show; undefined where there was one. */
function watch(seen: Seen<NodeEvidence>, lease: LeaseSeen): { readonly moved: boolean; readonly milliseconds: number } | undefined {
  const looks = seen.samples('kube.node-leases');
  const [first, last] = [looks[0], looks[looks.length - 1]];
  if (first === undefined || last === undefined || first === last) return undefined;
  const before = first.value.leases.find((one) => one.name === lease.name);
  return { moved: before?.renewedAt !== lease.renewedAt, milliseconds: last.takenAt - first.takenAt };
}

/** When Ready was lost, by our clock. Any master's clock may have written it, so it is no surer than they agree. */
function sinceOf(seen: Seen<NodeEvidence>, node: NodeSeen, clock: ServerClock | undefined): { since?: Since } {
  const hull = hullOf(hostClocks(seen).map((one) => one.offset));
  if (node.readySince === undefined || clock === undefined || hull === undefined) return {};
  const margin = 1000 + hull.high - hull.low;
  const age = ageAt(node.readySince, clock);
  return { since: { earliest: clock.sentAt - age.high - margin, latest: clock.receivedAt - age.low + margin } };
}

/**
 * Whether what the API says about the pods of a node is what runs there now. A kubelet that cannot report leaves its
 * pods as they were, in both directions (recording: a dead kubelet gives four NotReady pods that all serve).
 */
export function reportsAreFresh(seen: Seen<NodeEvidence>, name: string, limits: NodeLimits): Certainty {
  const reading = readNode(seen, name, limits);
  if (reading === undefined || reading.kind === 'undecided') return 'unknown';
  return reading.kind === 'ready' ? 'yes' : 'no';
}
