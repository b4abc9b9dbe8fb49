// Where were the masters and etcd members when this cluster could last be listed? Kept on this machine, addresses only.
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import type { Hint, KubeconfigSeen, TopologyHints } from '../model/operator.ts';
import { joinAddress } from '../model/address.ts';
import type { Master, Topology } from '../model/topology.ts';

const hint = z.object({
  address: z.string(),
  from: z.literal('remembered'),
  node: z.string().exactOptional(),
  member: z.string().exactOptional(),
});
const platformKinds = ['kubeadm', 'k3s', 'rke2', 'talos', 'openshift', 'kind', 'managed', 'other'] as const;
const kept = z.object({
  platform: z.object({ kind: z.enum(platformKinds), detail: z.string() }).exactOptional(),
  etcd: z.enum(['stacked', 'external']).exactOptional(),
  masters: z.array(hint),
  members: z.array(hint),
}) satisfies z.ZodType<TopologyHints>;

/** XDG_CACHE_HOME or ~/.cache, a file for each server and its CA; HA_DOCTOR_MEMORY=off keeps and recalls nothing. */
function fileFor(kubeconfig: KubeconfigSeen, anchors: readonly string[]): string | undefined {
  if (process.env['HA_DOCTOR_MEMORY'] === 'off') return undefined;
  const root = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  const name = createHash('sha256')
    .update([kubeconfig.server, ...anchors].join(' '))
    .digest('hex')
    .slice(0, 16);
  return join(root, 'ha-doctor', 'topology', `${name}.json`);
}

/** Nothing where there is no memory or it cannot be read: it is a help, never a need. */
export async function recallTopology(kubeconfig: KubeconfigSeen, anchors: readonly string[]): Promise<TopologyHints | undefined> {
  const file = fileFor(kubeconfig, anchors);
  if (file === undefined) return undefined;
  try {
    return kept.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    return undefined;
  }
}

/** Keeps a topology that the cluster itself vouched for; failures to write are not worth a word. */
export async function rememberTopology(kubeconfig: KubeconfigSeen, anchors: readonly string[], topology: Topology): Promise<void> {
  const file = fileFor(kubeconfig, anchors);
  if (file === undefined || !topology.mastersComplete || topology.masters.length === 0) return;
  if (!topology.masters.every(({ doors }) => doors.some(({ origin }) => origin === 'listed'))) return;
  const { platform, etcd } = topology;
  const hints: TopologyHints = {
    ...(platform.kind !== 'unknown' && { platform }),
    ...((etcd === 'stacked' || etcd === 'external') && { etcd }),
    masters: topology.masters.flatMap((master) => placesOf(master).map((place) => hintFor(place, master.subject.keys.node))),
    members: topology.members.map((member) => hintFor(member.subject.id, member.subject.keys.node, member.subject.keys.member)),
  };
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    const draft = `${file}.${process.pid}`;
    await writeFile(draft, `${JSON.stringify(hints)}\n`, { mode: 0o600 });
    await rename(draft, file);
  } catch {
    return;
  }
}

/** Where it was asked, and what the user named: an address that nobody asked may yet turn out to be shared. */
function placesOf({ host, port, doors }: Master): readonly string[] {
  const named = doors.filter(({ origin }) => origin === 'flag');
  return [...new Set([{ host, port }, ...named].map((door) => joinAddress(door.host, door.port)))];
}

function hintFor(address: string, node: string | undefined, member?: string): Hint {
  return { address, from: 'remembered', ...(node !== undefined && { node }), ...(member !== undefined && { member }) };
}
