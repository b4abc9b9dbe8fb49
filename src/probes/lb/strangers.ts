// Who answers at an address that the load balancer lists and that is no API server's of this cluster?
import { z } from 'zod';
import { joinAddress } from '../../model/address.ts';
import { deadlines, type RawTry } from '../../sources/source.ts';
import { defineProbe, type Surroundings } from '../probe.ts';
import { gap } from '../shared/gaps.ts';
import { line } from '../shared/json.ts';
import { splitPlace } from '../shared/place.ts';
import { parseRaw } from '../shared/raw.ts';
import { readBestTry, writeTries } from '../shared/tries.ts';

/** More of them would be a mistake of another kind. */
const most = 8;
const recorded = z.object({ strangers: z.array(z.object({ address: line, raw: z.string() })) });

export default defineProbe({
  id: 'lb.strangers',
  title: 'servers of the load balancer that are no masters',
  why: 'Tells a wrong port from a server of another cluster, to which clients would be sent.',
  reads: [{ verb: 'get', group: '', resource: '/readyz' }],
  after: ['lb.stats', 'lb.config', 'lb.envoy', 'kube.nodes', 'kube.control-plane-pods', 'kube.endpoints'],
  timeoutMs: 9000,
  gather: async (_subject, around) => {
    const lists = listsOf(around);
    if (lists.length === 0) throw gap('absent', 'no list of the load balancer’s servers was seen', '--haproxy-stats or --lb-config');
    const { masters } = around.topology;
    const ids = new Set(masters.flatMap(({ doors }) => doors.map(({ host, port }) => joinAddress(host, port))));
    const hosts = new Set(masters.flatMap(({ doors }) => doors.map(({ host }) => host)));
    const leadsHere = (list: readonly string[]): boolean => list.some((address) => hosts.has(splitPlace(address)?.host ?? ''));
    const strange = [...new Set(lists.filter(leadsHere).flat())].filter((address) => !ids.has(address)).slice(0, most);
    const asked = await Promise.all(strange.map(async (address) => ({ address, raw: await ask(address, around) })));
    return { raw: JSON.stringify({ strangers: asked.filter((one) => one.raw !== undefined) }), source: 'direct' };
  },
  read: (raw) => ({
    strangers: parseRaw(raw, recorded).strangers.map((one) => ({ address: one.address, last: readBestTry(one.raw) })),
  }),
});

/** Addresses of servers, a list for each proxy: a shared balancer serves more than the API. */
function listsOf({ value }: Surroundings): readonly (readonly string[])[] {
  const lists = new Map<string, string[]>();
  const add = (list: string, address: string): void => {
    if (splitPlace(address) !== undefined) lists.set(list, [...(lists.get(list) ?? []), address]);
  };
  for (const row of value('lb.stats')?.rows ?? []) if (row.type === 'server') add(`stats ${row.proxy}`, row.address);
  for (const host of value('lb.envoy')?.hosts ?? []) add(`envoy ${host.cluster}`, host.address);
  for (const { node, content } of value('lb.config')?.files ?? []) {
    if (content.kind !== 'haproxy' && content.kind !== 'nginx') continue;
    for (const path of content.paths) for (const server of path.servers) add(`${node} ${path.name}`, server.address);
  }
  return [...lists.values()];
}

async function ask(address: string, { source, signal }: Surroundings): Promise<string | undefined> {
  const place = splitPlace(address);
  if (place === undefined) return undefined;
  const one: RawTry = await source.request({
    scheme: 'https',
    ...place,
    path: '/readyz',
    identity: 'none',
    deadlines: deadlines.usual,
    signal,
  });
  return writeTries([one], source.anchors('operator'), [place.host]);
}
