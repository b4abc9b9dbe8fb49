// Where does a component keep what it elects its leader by?
import { parseFlags } from '../../model/flags.ts';
import type { LeaseSeen } from '../../model/kubernetes.ts';
import type { Seen } from '../../model/rule.ts';
import type { Subject } from '../../model/subject.ts';
import { shellWord } from '../shell-word.ts';
import { agreedFlags } from './flags.ts';

/** Where a component keeps its lease; its flags may move it. */
export function leasePlace(
  seen: Seen<'kube.control-plane-pods'>,
  component: string,
): { readonly namespace: string; readonly name: string } {
  const flags = agreedFlags(seen, component);
  const namespace = flags.get('leader-elect-resource-namespace') ?? 'kube-system';
  return { namespace, name: flags.get('leader-elect-resource-name') ?? component };
}

/**
 * By which lock any of its instances says that it elects, where that is no Lease alone. client-go had `endpoints` and `configmaps` until
 * 1.23 (kubernetes/kubernetes#106852), both beside a Lease, `endpointsleases` and `configmapsleases`, until 1.27 (#117558).
 */
export function oldLockOf(seen: Seen<'kube.control-plane-pods'>, component: string): OldLock | undefined {
  const list = seen.peek('kube.control-plane-pods');
  const pods = list?.state === 'known' ? list.value.pods.filter((pod) => pod.component === component) : [];
  const kinds = pods.map((pod) => parseFlags(pod.containers[0]?.command ?? []).get('leader-elect-resource-lock') ?? 'leases');
  const old = kinds.find((kind) => /^(endpoints|configmaps)(leases)?$/.test(kind));
  if (old === undefined) return undefined;
  return { resource: old.startsWith('endpoints') ? 'endpoints' : 'configmaps', withLease: kinds.some((kind) => kind.endsWith('leases')) };
}

export interface OldLock {
  /** As kubectl calls it; the leader stands in an annotation. */
  readonly resource: 'endpoints' | 'configmaps';
  /** Whether a Lease is renewed beside it. */
  readonly withLease: boolean;
}

/** `kubectl get` of the lease of a component, where it keeps it. */
export function getLease(seen: Seen<'kube.control-plane-pods'>, component: string, verb: 'get' | 'delete' = 'get'): string {
  const { namespace, name } = leasePlace(seen, component);
  const old = oldLockOf(seen, component);
  if (old !== undefined && !old.withLease) return `kubectl -n ${shellWord(namespace)} ${verb} ${old.resource} ${shellWord(name)}`;
  return `kubectl -n ${shellWord(namespace)} ${verb} lease ${shellWord(name)}`;
}

/** The same of any lease that is judged: one that was named is where its name says. */
export function getLeaseOf(seen: Seen<'kube.control-plane-pods'>, { id, name: component }: Subject): string {
  const [namespace = '', , name = ''] = id.split('/');
  return component.includes('/') ? `kubectl -n ${shellWord(namespace)} get lease ${shellWord(name)}` : getLease(seen, component);
}

/** The lease of a component in one look; undefined where it is not there. */
export function findLease(seen: Seen<'kube.control-plane-pods'>, leases: readonly LeaseSeen[], component: string): LeaseSeen | undefined {
  const { namespace, name } = leasePlace(seen, component);
  // A Lease of that name is a leftover where the instances elect by something else.
  if (oldLockOf(seen, component)?.withLease === false) return undefined;
  return leases.find((lease) => lease.namespace === namespace && lease.name === name);
}
