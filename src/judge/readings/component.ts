// Does one controller manager or scheduler run, as far as the API may be believed about its node?
import type { ContainerSeen, ControlPlanePod, ServerClock } from '../../model/kubernetes.ts';
import { say, type Text } from '../../model/sentence.ts';
import type { Seen } from '../../model/rule.ts';
import { keysOn } from '../../model/topology.ts';
import type { Support } from '../../model/verdict.ts';
import { ageAt } from './age.ts';
import { describeDuration } from '../../model/time.ts';
import { readApiServer, servesClients } from './api-server.ts';
import { type NodeEvidence, type NodeLimits, readNode, reportsAreFresh } from './node.ts';

export type ComponentEvidence = 'kube.control-plane-pods' | NodeEvidence;

export interface ComponentLimits extends NodeLimits {
  /** Seconds that an instance may take to become ready. */
  readonly starting: number;
}

export const startingLimit = { value: 120, unit: 'seconds', source: 'convention: twice what a start with one failed probe takes' } as const;

/** `stale`: its node does not report, so the API shows an old state of it. */
export type ComponentReading =
  | { readonly kind: 'good'; readonly words: Text }
  | { readonly kind: 'bad'; readonly reason: 'waiting' | 'not-ready'; readonly words: Text }
  | { readonly kind: 'starting'; readonly words: Text }
  | { readonly kind: 'stale'; readonly words: Text };

/** Ends the judgement as unknown where the state of the pod's node could not be read. */
export function readComponent(
  seen: Seen<NodeEvidence>,
  pod: ControlPlanePod,
  clock: ServerClock | undefined,
  limits: ComponentLimits,
): ComponentReading {
  if (reportsAreFresh(seen, pod.node, limits) !== 'yes') {
    return { kind: 'stale', words: say('the node {node} does not report, so what the API says about its pods is old', { node: pod.node }) };
  }
  const waiting = pod.containers.find((container) => container.waitingReason !== '' && container.waitingReason !== 'ContainerCreating');
  if (waiting !== undefined) return { kind: 'bad', reason: 'waiting', words: endedWith(waiting) };
  const restarts = Math.max(0, ...pod.containers.map((container) => container.restarts));
  if (pod.ready) return { kind: 'good', words: restarts === 0 ? 'ready' : say('ready, restarted {restarts} times in all', { restarts }) };
  const age = pod.readySince === undefined || clock === undefined ? undefined : ageAt(pod.readySince, clock);
  if (age === undefined) return { kind: 'starting', words: 'not ready, since when is not said' };
  const words = say('not ready for {duration}', { duration: describeDuration(age.low) });
  return age.low > limits.starting * 1000 ? { kind: 'bad', reason: 'not-ready', words } : { kind: 'starting', words };
}

function endedWith({ waitingReason, lastExitCode }: ContainerSeen): Text {
  return lastExitCode === undefined ? waitingReason : say('{waitingReason}, exit {lastExitCode}', { waitingReason, lastExitCode });
}

const core = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'];

/** Whether no instance is anywhere: the list has the rest of the control plane, each part a pod of its own, and none of this one. */
export function isListedNowhere(seen: Seen<'kube.control-plane-pods'>, component: string): boolean {
  const list = seen.peek('kube.control-plane-pods');
  // The server of k3s is all of them in one process.
  if (list?.state !== 'known' || seen.topology.platform.kind === 'k3s') return false;
  const listed = list.value.pods.map((pod) => pod.component);
  return listed.some((one) => core.includes(one)) && !listed.includes(component);
}

/**
 * Who could hold the lease of a component: its pods, or every master where no pod is listed. Lost is one whose own API
 * server does not serve (kubeadm gives each component the one beside it), whose node does not report, that is broken, or
 * that the list would have and does not. Good is only what is seen.
 */
export function candidatesOf(seen: Seen<ComponentEvidence | 'api.ready'>, component: string, limits: ComponentLimits): readonly Support[] {
  const list = seen.peek('kube.control-plane-pods');
  const pods = list?.state === 'known' ? list.value.pods.filter((pod) => pod.component === component && pod.node !== '') : [];
  const isNowhere = isListedNowhere(seen, component);
  const clock = list?.state === 'known' ? list.value.clock : undefined;
  const masters = seen.topology.masters.flatMap((master) => master.subject.keys.node ?? []);
  const nodes = pods.length > 0 ? pods.map((pod) => pod.node) : masters;
  return [...new Set(nodes)].sort().map((node) => {
    const pod = pods.find((one) => one.node === node);
    return { name: node, keys: keysOn(seen.topology, node), state: isNowhere ? 'lost' : stateOf(seen, node, pod, clock, limits) };
  });
}

function stateOf(
  seen: Seen<ComponentEvidence | 'api.ready'>,
  node: string,
  pod: ControlPlanePod | undefined,
  clock: ServerClock | undefined,
  limits: ComponentLimits,
): Support['state'] {
  const serves = pod !== undefined && asksAnyServer(pod) ? true : servesBeside(seen, node);
  const hostIsLost = seen.attempt(() => readNode(seen, node, limits)?.kind === 'notready');
  const isBroken = pod && seen.attempt(() => readComponent(seen, pod, clock, limits).kind === 'bad');
  if (serves === false || hostIsLost === true || isBroken === true) return 'lost';
  return pod !== undefined && serves === true && hostIsLost === false ? 'good' : 'unknown';
}

/** A cloud's controllers that a Deployment or a DaemonSet made find an API server by the Service, wherever they run. */
function asksAnyServer({ component, annotations }: ControlPlanePod): boolean {
  return component === 'cloud-controller-manager' && annotations['kubernetes.io/config.mirror'] === undefined;
}

function servesBeside(seen: Seen<'api.ready'>, node: string): boolean | undefined {
  const master = seen.topology.masters.find((one) => one.subject.keys.node === node);
  const reading = master && seen.attempt(() => readApiServer(seen, master));
  // One that wants a login for its health check may serve everybody who has one.
  return reading === undefined || reading.kind === 'anonymous-refused' ? undefined : servesClients(reading);
}

/** Whether an instance ended, by the last line of its log, because its lead was lost, which it answers so: the end is no cause of the loss. */
export function lostTheLead({ log = '' }: { readonly log?: unknown }): boolean {
  return /^"?leader ?election lost/i.test(String(log));
}
