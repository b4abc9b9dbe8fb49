// What does Envoy think of the hosts behind it, and how is it told to look after them?
import { joinAddress } from '../../model/address.ts';
import * as z from 'zod';
import type { EnvoyCluster, EnvoyHost } from '../../model/balancer.ts';
import { defineProbe, type Surroundings } from '../probe.ts';
import { gap } from '../shared/gaps.ts';
import { checkShape, line, listOf, parseJson, parseJsonKeepingIntegers } from '../shared/json.ts';
import { cleanLine } from '../shared/text.ts';
import { getPage } from '../shared/web-page.ts';

const howToGet = '--envoy-admin <URL of its admin interface>';
const number = z.union([z.number(), z.string()]).transform(Number);

/** admin/v3/clusters.proto; fields that are false or zero are left out. */
const clusters = z.object({
  cluster_statuses: z.array(
    z.object({
      name: line,
      host_statuses: listOf(
        z.object({
          address: z.object({ socket_address: z.object({ address: line, port_value: number }) }),
          stats: listOf(z.object({ name: z.string().exactOptional(), value: number.exactOptional() })),
          health_status: z.record(z.string(), z.unknown()).prefault({}),
          priority: number.exactOptional(),
        }),
      ),
      circuit_breakers: z
        .object({ thresholds: listOf(z.object({ priority: z.string().exactOptional(), max_connections: number.exactOptional() })) })
        .exactOptional(),
    }),
  ),
});

/** admin/v3/config_dump_shared.proto: whatever the cluster came from, the file or a control plane. */
const dump = z.object({
  configs: listOf(
    z.object({
      cluster: z.object({
        name: line,
        health_checks: listOf(z.record(z.string(), z.unknown())),
        common_lb_config: z
          .object({ healthy_panic_threshold: z.object({ value: number.exactOptional() }).exactOptional() })
          .exactOptional(),
      }),
    }),
  ),
});

/** Of the settings nothing else is kept: a check's headers may carry a login. */
const settings = z.array(z.object({ name: line, panicBelow: z.number(), checks: z.array(z.enum(['http', 'tcp', 'other'])) }));
const recorded = z.object({ clusters: z.string(), settings: settings.exactOptional() });
type Settings = z.output<typeof settings>;

/** cluster.proto: the default of healthy_panic_threshold. */
const usualPanic = 50;

export default defineProbe({
  id: 'lb.envoy',
  title: 'Envoy’s list of hosts',
  why: 'Shows which masters Envoy has taken out, for what reason, and whether it sends clients there all the same.',
  reads: [],
  after: [],
  timeoutMs: 5000,
  gather: async (_subject, around) => {
    const { envoyAdmin } = around.settings;
    if (envoyAdmin === undefined) throw gap('not-collected', 'no admin interface of Envoy was named', howToGet);
    const [one, told] = await Promise.all([getPage(around, new URL('/clusters?format=json', envoyAdmin)), askSettings(around, envoyAdmin)]);
    if (one.answer?.status === 200) {
      const raw = JSON.stringify({ clusters: one.answer.body, ...(told !== undefined && { settings: told }) });
      return { raw, source: 'Envoy admin' };
    }
    const came = one.answer === undefined ? (one.failure?.detail ?? 'no answer') : `status ${one.answer.status}`;
    throw gap('failed', `Envoy’s list of hosts did not come: ${cleanLine(came, 160)}`, howToGet);
  },
  read: (raw) => {
    const both = checkShape(recorded, parseJson(raw, 'Envoy’s answer'), 'Envoy’s answer');
    const { cluster_statuses } = checkShape(clusters, parseJsonKeepingIntegers(both.clusters, 'Envoy’s answer'), 'Envoy’s answer');
    return {
      hosts: cluster_statuses.flatMap(({ name, host_statuses }) => host_statuses.map((host) => reduceHost(name, host))),
      clusters: cluster_statuses.map((cluster) => reduceCluster(cluster, both.settings)),
    };
  },
});

/** Undefined where it does not show its configuration, which proxies in front of it often forbid. */
async function askSettings(around: Surroundings, envoyAdmin: string): Promise<Settings | undefined> {
  const mask = 'cluster.name,cluster.health_checks,cluster.common_lb_config.healthy_panic_threshold';
  const resources = ['static_clusters', 'dynamic_active_clusters'];
  const pages = await Promise.all(
    resources.map((resource) => getPage(around, new URL(`/config_dump?resource=${resource}&mask=${mask}`, envoyAdmin))),
  );
  try {
    const read = pages.flatMap(({ answer }) => {
      if (answer?.status !== 200) throw new Error('no configuration');
      return checkShape(dump, parseJson(answer.body, 'Envoy’s configuration'), 'Envoy’s configuration').configs;
    });
    return read.map(({ cluster }) => ({
      name: cluster.name,
      panicBelow: panicOf(cluster.common_lb_config?.healthy_panic_threshold),
      checks: cluster.health_checks.map(kindOf),
    }));
  } catch {
    return undefined;
  }
}

/** An empty message is a threshold of 0. */
function panicOf(threshold: { readonly value?: number } | undefined): number {
  return threshold === undefined ? usualPanic : (threshold.value ?? 0);
}

function kindOf(check: Readonly<Record<string, unknown>>): Settings[number]['checks'][number] {
  if (check['http_health_check'] !== undefined) return 'http';
  return check['tcp_health_check'] === undefined ? 'other' : 'tcp';
}

type Status = z.output<typeof clusters>['cluster_statuses'][number];

function reduceHost(cluster: string, host: Status['host_statuses'][number]): EnvoyHost {
  const { socket_address } = host.address;
  const flags = Object.keys(host.health_status).filter((name) => host.health_status[name] === true);
  const discovered = host.health_status['eds_health_status'];
  const told =
    typeof discovered === 'string' && discovered !== 'HEALTHY' && discovered !== 'UNKNOWN' ? [`eds ${cleanLine(discovered, 30)}`] : [];
  const trouble = [...flags.map((name) => cleanLine(name, 60)), ...told];
  const healthy = trouble.every((one) => one.startsWith('pending_') || one === 'eds DEGRADED' || one === 'failed_degraded_active_hc');
  const count = (name: string, key: string) => {
    const found = host.stats.find((one) => one.name === name);
    return found === undefined ? {} : { [key]: found.value ?? 0 };
  };
  return {
    cluster,
    address: joinAddress(socket_address.address, socket_address.port_value),
    healthy,
    trouble,
    ...count('cx_total', 'connections'),
    ...count('cx_active', 'active'),
    ...(host.priority !== undefined && { priority: host.priority }),
  };
}

function reduceCluster({ name, circuit_breakers }: Status, told: Settings | undefined): EnvoyCluster {
  const usual = circuit_breakers?.thresholds.find(({ priority }) => priority === undefined || priority === 'DEFAULT');
  const own = told?.find((one) => one.name === name);
  return {
    name,
    ...(own !== undefined && { panicBelow: own.panicBelow, checks: own.checks }),
    ...(usual?.max_connections !== undefined && { connectionLimit: usual.max_connections }),
  };
}
