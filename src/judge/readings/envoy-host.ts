// What does Envoy think of each API server behind it, and does it send clients there whatever it thinks?
import type { EnvoyCluster, EnvoyHost } from '../../model/balancer.ts';
import type { Certainty, Seen } from '../../model/rule.ts';
import { leadsTo } from '../../model/topology.ts';
import { splitAddress } from '../topology/build.ts';

/** cluster.proto and load_balancer_base.cc: with the usual factor, 72 % of healthy hosts count as all, and nothing panics. */
const overprovisioning = 1.4;

export interface EnvoyJudged {
  readonly host: EnvoyHost;
  /** `maintenance`: whoever configures Envoy drains it. `unclear`: no check has ended yet. */
  readonly state: 'up' | 'down' | 'maintenance' | 'unclear';
  /** Its last check got no answer in time; of any other failure Envoy does not say more. */
  readonly timedOut: boolean;
  /** Whether it gets clients although Envoy calls it dead, because too few are left: panic mode. */
  readonly forced: Certainty;
  readonly cluster?: EnvoyCluster;
}

/** Hosts of every cluster that leads to an API server; a shared Envoy serves more than the API. */
export function envoyHostsOf(seen: Seen<'lb.envoy'>): readonly EnvoyJudged[] {
  const { hosts, clusters } = seen.get('lb.envoy');
  const { masters } = seen.topology;
  const ways: readonly ((host: EnvoyHost) => boolean)[] = [
    ({ address }) => masters.some((master) => leadsTo(master, splitAddress(address, 0)?.host)),
    ({ address }) => address.endsWith(':6443'),
  ];
  for (const way of ways) {
    const names = new Set(hosts.filter(way).map(({ cluster }) => cluster));
    if (names.size > 0) return hosts.filter(({ cluster }) => names.has(cluster)).map((host) => judge(host, hosts, clusters));
  }
  return [];
}

function judge(host: EnvoyHost, all: readonly EnvoyHost[], clusters: readonly EnvoyCluster[]): EnvoyJudged {
  const cluster = clusters.find(({ name }) => name === host.cluster);
  const state = stateOf(host);
  const together = all.filter((one) => one.cluster === host.cluster);
  return {
    host,
    state,
    timedOut: host.trouble.includes('active_hc_timeout'),
    forced: state === 'down' ? panics(together, cluster) : 'no',
    ...(cluster !== undefined && { cluster }),
  };
}

function stateOf({ healthy, trouble }: EnvoyHost): EnvoyJudged['state'] {
  if (trouble.includes('pending_active_hc')) return 'unclear';
  if (healthy) return 'up';
  return trouble.every((one) => one === 'eds DRAINING' || one.startsWith('pending_')) ? 'maintenance' : 'down';
}

/** With several priorities others may take over first, which is not worked out here. */
function panics(hosts: readonly EnvoyHost[], cluster: EnvoyCluster | undefined): Certainty {
  const healthy = (100 * hosts.filter((one) => stateOf(one) === 'up').length) / hosts.length;
  if (healthy * overprovisioning >= 100) return 'no';
  if (cluster?.panicBelow === undefined || hosts.some(({ priority }) => (priority ?? 0) > 0)) return 'unknown';
  return healthy < cluster.panicBelow ? 'yes' : 'no';
}

/** As Envoy's own page for people shortens them. */
export function envoyWords({ trouble }: EnvoyHost): string {
  const short = trouble.map((one) => one.replace('failed_active_health_check', 'failed_active_hc'));
  const told = short.includes('active_hc_timeout') ? short.filter((one) => one !== 'failed_active_hc') : short;
  return told.length === 0 ? 'healthy' : told.join(', ');
}
