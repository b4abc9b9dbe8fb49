// What does the API say about a static pod, and may that be believed?
import type { ContainerSeen, ControlPlanePod, ServerClock } from '../../model/kubernetes.ts';
import type { Seen } from '../../model/rule.ts';
import { ageAt, leaseAge } from './age.ts';

export type PodEvidence = 'kube.control-plane-pods' | 'kube.nodes' | 'kube.node-leases';

export interface PodView {
  readonly pod: ControlPlanePod;
  readonly container: ContainerSeen;
  readonly clock?: ServerClock;
}

/** Undefined where the list has no such pod on this node; ends the judgement where there is no list. */
export function podOn(seen: Seen<'kube.control-plane-pods'>, component: string, node: string | undefined): PodView | undefined {
  const { pods, clock } = seen.get('kube.control-plane-pods');
  const pod = pods.find((one) => one.component === component && one.node === node);
  const container = pod?.containers[0];
  return pod === undefined || container === undefined ? undefined : { pod, container, ...(clock !== undefined && { clock }) };
}

/**
 * Does this node's kubelet still report? Where it does not, everything the API says about its pods is as old as the last
 * report, in both directions. Ends the judgement where neither node nor lease could be read.
 */
export function kubeletReports(seen: Seen<'kube.nodes' | 'kube.node-leases'>, node: string, staleMs: number): boolean {
  const listed = seen.get('kube.nodes').nodes.find((one) => one.name === node);
  if (listed === undefined || listed.ready === 'Unknown') return false;
  const { leases, clock } = seen.get('kube.node-leases');
  const lease = leases.find((one) => one.name === node);
  const age = lease === undefined || clock === undefined ? undefined : leaseAge(lease, clock);
  return age !== undefined && age.low <= staleMs;
}

/** Whether the API says that this pod was started or changed its readiness within so many milliseconds. */
export function changedWithin(
  seen: Seen<'kube.control-plane-pods'>,
  component: string,
  node: string | undefined,
  milliseconds: number,
): boolean {
  if (seen.peek('kube.control-plane-pods')?.state !== 'known') return false;
  const view = podOn(seen, component, node);
  const { clock } = view ?? {};
  if (view === undefined || clock === undefined) return false;
  const moments = [view.container.startedAt, view.pod.readySince].filter((moment) => moment !== undefined);
  return moments.some((moment) => ageAt(moment, clock).low < milliseconds);
}
