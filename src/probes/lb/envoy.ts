// What does Envoy think of the hosts behind it?
import { joinAddress } from '../../model/address.ts';
import * as z from 'zod';
import type { EnvoyHost } from '../../model/balancer.ts';
import { defineProbe } from '../probe.ts';
import { gap } from '../shared/gaps.ts';
import { checkShape, line, listOf, parseJsonKeepingIntegers } from '../shared/json.ts';
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
        }),
      ),
    }),
  ),
});

export default defineProbe({
  id: 'lb.envoy',
  title: 'Envoy’s list of hosts',
  why: 'Shows which masters Envoy has taken out, and for what reason.',
  reads: [],
  after: [],
  timeoutMs: 5000,
  gather: async (_subject, around) => {
    const { envoyAdmin } = around.settings;
    if (envoyAdmin === undefined) throw gap('not-collected', 'no admin interface of Envoy was named', howToGet);
    const one = await getPage(around, new URL('/clusters?format=json', envoyAdmin));
    if (one.answer?.status === 200) return { raw: one.answer.body, source: 'Envoy admin' };
    const came = one.answer === undefined ? (one.failure?.detail ?? 'no answer') : `status ${one.answer.status}`;
    throw gap('failed', `Envoy’s list of hosts did not come: ${cleanLine(came, 160)}`, howToGet);
  },
  read: (raw) => {
    const { cluster_statuses } = checkShape(clusters, parseJsonKeepingIntegers(raw, 'Envoy’s answer'), 'Envoy’s answer');
    return { hosts: cluster_statuses.flatMap(({ name, host_statuses }) => host_statuses.map((host) => reduce(name, host))) };
  },
});

type Host = z.output<typeof clusters>['cluster_statuses'][number]['host_statuses'][number];

function reduce(cluster: string, { address: { socket_address }, stats, health_status }: Host): EnvoyHost {
  const flags = Object.keys(health_status).filter((name) => health_status[name] === true);
  const discovered = health_status['eds_health_status'];
  const told =
    typeof discovered === 'string' && discovered !== 'HEALTHY' && discovered !== 'UNKNOWN' ? [`eds ${cleanLine(discovered, 30)}`] : [];
  const trouble = [...flags.map((name) => cleanLine(name, 60)), ...told];
  const total = stats.find((one) => one.name === 'cx_total')?.value;
  const healthy = trouble.every((one) => one.startsWith('pending_') || one === 'eds DEGRADED' || one === 'failed_degraded_active_hc');
  return {
    cluster,
    address: joinAddress(socket_address.address, socket_address.port_value),
    healthy,
    trouble,
    ...(total !== undefined && { connections: total }),
  };
}
