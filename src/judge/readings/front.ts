// What stands at the address in the kubeconfig?
import type { Seen } from '../../model/rule.ts';
import type { LoadBalancer } from '../../model/topology.ts';
import { isEnvoy } from './backend.ts';

/** `master`: one API server itself · `provider`: a balancer of a cloud · `unknown`: nothing tells. */
export type Front = 'master' | 'haproxy' | 'nginx' | 'envoy' | 'kube-vip' | 'provider' | 'unknown';

/** Names under which clouds give out their balancers (AWS, Azure). */
const providerNames = /\.(amazonaws\.com|azmk8s\.io|cloudapp\.azure\.com)$/;

export type FrontEvidence = 'lb.config' | 'lb.stats' | 'lb.nginx' | 'lb.envoy';

export function frontOf(seen: Seen<FrontEvidence>, entry: LoadBalancer): Front {
  if (seen.topology.entryIsMaster) return 'master';
  if (seen.topology.platform.kind === 'managed' || providerNames.test(entry.host)) return 'provider';
  const files = seen.peek('lb.config');
  const kinds = files?.state === 'known' ? files.value.files.map(({ content }) => content) : [];
  if (kinds.some((content) => content.kind === 'kube-vip' && content.address === entry.host)) return 'kube-vip';
  if (isEnvoy(seen)) return 'envoy';
  if (seen.peek('lb.stats')?.state === 'known' || kinds.some(({ kind }) => kind === 'haproxy')) return 'haproxy';
  return seen.peek('lb.nginx')?.state === 'known' || kinds.some(({ kind }) => kind === 'nginx') ? 'nginx' : 'unknown';
}
