// Which rules have no meaning on this kind of cluster?
import type { AnyRule, Area } from '../model/rule.ts';
import type { Topology } from '../model/topology.ts';

const hiddenByProvider: readonly Area[] = ['etcd', 'host'];

/** A sentence why the whole rule does not apply, or undefined when it does. */
export function gateFor(rule: Pick<AnyRule, 'area'>, topology: Topology): string | undefined {
  if (topology.platform.kind === 'managed' && hiddenByProvider.includes(rule.area)) {
    return `the provider runs the control plane (${topology.platform.detail})`;
  }
  if (topology.etcd === 'hidden' && rule.area === 'etcd') return 'this cluster does not keep its data in an etcd that can be reached';
  return undefined;
}
