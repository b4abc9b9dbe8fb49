// Has an API server been dead, or ready, for long enough that everybody has to know by now?
import { say, type Text } from '../../model/sentence.ts';
import type { Seen } from '../../model/rule.ts';
import type { Master } from '../../model/topology.ts';
import { ageAt, leaseAge } from './age.ts';
import { backendsOf, changedAt } from './backend.ts';
import { isReadyNode } from './node.ts';
import { podOn } from './pod.ts';
import { kubeletUsesOwnApiServer } from './wiring.ts';

type Needs = 'lb.stats' | 'lb.envoy' | 'kube.nodes' | 'kube.node-leases' | 'kube.control-plane-pods';

/** Whatever proves that it has been dead for longer than the list needs to forget it. */
export function deadFor(
  seen: Seen<Needs>,
  master: Master,
  limits: { readonly settled: number; readonly renewal: number },
): Text | undefined {
  const settled = limits.settled * 1000;
  return (
    balancerSays(seen, master, 'down', settled) ??
    leaseSays(seen, master, settled + limits.renewal * 1000) ??
    podSays(seen, master, false, settled)
  );
}

/** Whatever proves that it has been ready for longer than the list needs to take it in. */
export function readyFor(seen: Seen<Needs>, master: Master, settled: number): Text | undefined {
  return balancerSays(seen, master, 'up', settled) ?? podSays(seen, master, true, settled);
}

function balancerSays(seen: Seen<Needs>, master: Master, state: 'up' | 'down', settled: number): Text | undefined {
  return seen.attempt(() => {
    const known = seen.known('lb.stats');
    const backend = backendsOf(seen).find((one) => one.master === master && one.state === state);
    const since = backend === undefined ? undefined : changedAt(known, backend.row);
    if (since === undefined || known.takenAt - since.latest < settled) return undefined;
    return say('{seconds} s: HAProxy', { seconds: Math.round((known.takenAt - since.latest) / 1000) });
  });
}

/** The kubelet beside an API server renews its lease through it, where it is wired so. */
function leaseSays(seen: Seen<Needs>, master: Master, stale: number): Text | undefined {
  const { node } = master.subject.keys;
  const leases = seen.peek('kube.node-leases');
  if (kubeletUsesOwnApiServer(seen, node) !== 'yes' || leases?.state !== 'known' || leases.value.clock === undefined) return undefined;
  const lease = leases.value.leases.find((one) => one.name === node);
  const age = lease === undefined ? undefined : leaseAge(lease, leases.value.clock);
  return age !== undefined && age.low > stale ? say('{seconds} s: its node lease', { seconds: Math.floor(age.low / 1000) }) : undefined;
}

/** A kubelet that reports says since when the pod has been as it is. */
export function podSays(seen: Seen<Needs>, master: Master, ready: boolean, settled: number): Text | undefined {
  const { node } = master.subject.keys;
  if (!isReadyNode(seen, node) || seen.peek('kube.control-plane-pods')?.state !== 'known') return undefined;
  const view = podOn(seen, 'kube-apiserver', node);
  if (view?.clock === undefined || view.pod.ready !== ready || view.pod.readySince === undefined) return undefined;
  const age = ageAt(view.pod.readySince, view.clock);
  return age.low >= settled ? say('{seconds} s: its pod', { seconds: Math.floor(age.low / 1000) }) : undefined;
}
