// Does this machine hold the address of the API, who answers for it on this network, and what listens here?
import * as z from 'zod';
import type { HereNetwork } from '../../model/balancer.ts';
import { defineProbe, type Surroundings } from '../probe.ts';
import { gap } from '../shared/gaps.ts';
import { line } from '../shared/json.ts';
import { splitPlace } from '../shared/place.ts';
import { listenersIn, neighboursIn, ownAddressesIn } from '../shared/proc-net.ts';
import { parseRaw } from '../shared/raw.ts';

const recorded = z.object({
  node: line,
  holds: z.array(line),
  neighbours: z.array(z.object({ address: line, hardware: line })),
  listeners: z.array(z.object({ host: line, port: z.number().int() })),
});

export default defineProbe({
  id: 'here.network',
  title: 'addresses and neighbours of this machine',
  why: 'On a load balancer or a master it shows who holds the virtual address.',
  reads: [],
  after: ['lb.tries', 'lb.config'],
  timeoutMs: 4000,
  gather: async (_subject, around) => {
    const { source, topology } = around;
    const tables = await Promise.all(
      ['fib_trie', 'if_inet6', 'tcp', 'tcp6'].map((name) => source.file(`/proc/net/${name}`).catch(() => '')),
    );
    const [trie = '', inet6 = '', tcp = '', tcp6 = ''] = tables;
    if (trie === '') throw gap('absent', 'this machine does not tell its addresses the way Linux does', 'run ha-doctor on a load balancer');
    const wanted = addressesAskedAbout(around);
    await meet(wanted, around);
    const arp = await source.file('/proc/net/arp').catch(() => '');
    const ports = new Set([topology.entry?.port, ...topology.masters.map((master) => master.port)]);
    const own = ownAddressesIn(trie, inet6);
    const found: HereNetwork = {
      node: (await source.file('/etc/hostname').catch(() => '')).trim(),
      holds: wanted.filter((address) => own.has(address)),
      neighbours: neighboursIn(arp).filter((one) => wanted.includes(one.address)),
      listeners: listenersIn(tcp, tcp6).filter((one) => ports.has(one.port)),
    };
    return { raw: JSON.stringify(found), source: 'this machine' };
  },
  read: (raw): HereNetwork => parseRaw(raw, recorded),
});

/** The entry's addresses, those the files name, and the masters'; nothing else of this machine is anybody's business. */
function addressesAskedAbout({ topology, value }: Surroundings): readonly string[] {
  const dialled = (value('lb.tries')?.tries ?? []).flatMap((one) => splitPlace(one.address)?.host ?? []);
  const named = (value('lb.config')?.files ?? []).flatMap(({ content }) => {
    if (content.kind === 'kube-vip') return [content.address];
    if (content.kind !== 'keepalived') return [];
    return content.instances.flatMap((one) => [
      ...one.addresses,
      ...one.unicastPeers,
      ...(one.unicastSource === undefined ? [] : [one.unicastSource]),
    ]);
  });
  return [...new Set([...dialled, ...named, ...topology.masters.map((master) => master.host)])].slice(0, 64);
}

/** A neighbour stands in the table only while somebody talks to it. */
async function meet(addresses: readonly string[], { source, topology, signal }: Surroundings): Promise<void> {
  const port = topology.entry?.port ?? 6443;
  const met = new Set([topology.entry?.host, ...topology.masters.map((master) => master.host)]);
  const strange = addresses.filter((address) => !met.has(address));
  await Promise.all(strange.map((address) => source.knock(address, port, signal).catch(() => undefined)));
}
