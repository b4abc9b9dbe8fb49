// How does an Envoy of the lab pass TLS on to the API servers and look after them, and what does it think of them now?
import { stringify } from 'yaml';
import type { LabHandle } from './handle.ts';
import { apiServerPort, loadBalancerAddress, loadBalancerPort } from './topology.ts';
import type { NodePlan } from './topology.ts';

export const envoyConfigFile = '/etc/envoy/envoy.yaml';
/** Where Envoy's admin interface answers. */
const adminPort = 9901;
/** As the operator names it to the tool. */
export const envoyAdmin = `http://${loadBalancerAddress}:${adminPort}`;

const types = 'type.googleapis.com/envoy.extensions';

/** Clients' TLS is passed on as it is, so that TLS of Envoy's own is for its checks alone. */
const healthChecks = {
  transport_socket_matches: [
    {
      name: 'check',
      match: { check: true },
      transport_socket: {
        name: 'envoy.transport_sockets.tls',
        typed_config: { '@type': `${types}.transport_sockets.tls.v3.UpstreamTlsContext` },
      },
    },
  ],
  health_checks: [
    {
      timeout: '2s',
      interval: '2s',
      // Once a minute is what Envoy does before its first client.
      no_traffic_interval: '2s',
      unhealthy_threshold: 3,
      healthy_threshold: 2,
      http_health_check: { path: '/readyz' },
      transport_socket_match_criteria: { check: true },
    },
  ],
};

/** What an administrator chooses. */
export interface EnvoyChoices {
  /** `readyz` asks each API server over HTTPS whether it is ready; `none` asks nobody. */
  readonly check?: 'readyz' | 'none';
  /**
   * Percentage of healthy hosts below which Envoy sends clients to all of them, dead or not. Its own default is 50, with
   * which a lab could not come up: two of three masters have yet to join.
   */
  readonly panicBelow?: number;
}

/** envoy.yaml: one listener, one static cluster; what is not written is Envoy's own default. */
export function envoyConfig(masters: readonly NodePlan[], { check = 'readyz', panicBelow = 0 }: EnvoyChoices = {}): string {
  const endpoint = (address: string, port: number) => ({ address: { socket_address: { address, port_value: port } } });
  return stringify({
    admin: endpoint('0.0.0.0', adminPort),
    static_resources: {
      listeners: [
        {
          name: 'kubernetes-api',
          ...endpoint('0.0.0.0', loadBalancerPort),
          filter_chains: [
            {
              filters: [
                {
                  name: 'envoy.filters.network.tcp_proxy',
                  typed_config: {
                    '@type': `${types}.filters.network.tcp_proxy.v3.TcpProxy`,
                    stat_prefix: 'kubernetes-api',
                    cluster: 'masters',
                  },
                },
              ],
            },
          ],
        },
      ],
      clusters: [
        {
          name: 'masters',
          type: 'STATIC',
          connect_timeout: '2s',
          common_lb_config: { healthy_panic_threshold: { value: panicBelow } },
          ...(check === 'readyz' && { ...healthChecks, close_connections_on_host_health_failure: true }),
          load_assignment: {
            cluster_name: 'masters',
            endpoints: [{ lb_endpoints: masters.map((master) => ({ endpoint: endpoint(master.address, apiServerPort) })) }],
          },
        },
      ],
    },
  });
}

/** One host of the API servers' cluster. */
export interface EnvoyServer {
  readonly address: string;
  /** Its flags that are set, such as failed_active_health_check; empty when it is well. */
  readonly flags: readonly string[];
}

interface Clusters {
  readonly cluster_statuses: readonly {
    readonly host_statuses?: readonly {
      readonly address: { readonly socket_address: { readonly address: string } };
      readonly health_status: Readonly<Record<string, unknown>>;
    }[];
  }[];
}

const fetchPage = `fetch(process.argv[1]).then((answer) => answer.text()).then((text) => process.stdout.write(text))`;

/** What Envoy's admin interface says, asked from the operator's place; undefined while it does not answer. */
export async function readEnvoyServers(lab: LabHandle): Promise<readonly EnvoyServer[] | undefined> {
  const argv = [process.execPath, '--eval', fetchPage, '--', `${envoyAdmin}/clusters?format=json`];
  const page = await lab.operatorExec(argv, { timeoutMs: 4000 });
  if (page.code !== 0) return undefined;
  const { cluster_statuses } = JSON.parse(page.stdout) as Clusters;
  return cluster_statuses
    .flatMap((cluster) => cluster.host_statuses ?? [])
    .map(({ address, health_status }) => ({
      address: address.socket_address.address,
      flags: Object.keys(health_status).filter((flag) => health_status[flag] === true),
    }));
}
