// Who holds the virtual address of the API, by the word of the load balancers and as we see it?
import type { BalancerFile, KeepalivedConfig, KeepalivedState, VrrpInstance } from '../../model/balancer.ts';
import type { Certainty, Seen } from '../../model/rule.ts';
import { splitAddress } from '../topology/build.ts';
import { MissingEvidence } from '../view.ts';

export type AddressEvidence = 'operator.kubeconfig' | 'lb.config' | 'lb.tries' | 'here.network';

/** One machine that may hold the address. */
export interface Keeper {
  readonly node: string;
  readonly holds: Certainty;
  /** How that is known: keepalived's state, or where the address was found; empty while it is not. */
  readonly state: string;
  /** When its state last changed and when it was written down, milliseconds by its own clock. */
  readonly changedAt?: number;
  readonly writtenAt?: number;
  readonly file?: string;
  readonly instance?: VrrpInstance;
  readonly config?: KeepalivedConfig;
}

export interface VirtualAddress {
  readonly address: string;
  readonly keepers: readonly Keeper[];
  /** Whether the machines seen name no others. */
  readonly isComplete: boolean;
}

/** @throws MissingEvidence where no file was seen, or none of them speaks of the address in the kubeconfig. */
export function virtualAddressOf(seen: Seen<AddressEvidence>): VirtualAddress {
  const { files } = seen.get('lb.config');
  const entry = entryAddresses(seen);
  const address = entry.find((one) => files.some((file) => namesIn(file).includes(one)));
  if (address === undefined) throw new MissingEvidence([notNamed(seen)]);
  const configs = files.flatMap((file) =>
    file.content.kind === 'keepalived' && namesIn(file).includes(address) ? [{ file, config: file.content }] : [],
  );
  const stated = files
    .filter((file) => file.content.kind === 'keepalived-state' && namesIn(file).includes(address))
    .map((file) => file.node);
  const nodes = [...new Set([...configs.map(({ file }) => file.node), ...stated])].sort();
  const keepers = nodes.map((node) =>
    keeperOn(
      seen,
      node,
      address,
      files,
      configs.find(({ file }) => file.node === node),
    ),
  );
  const strangers = unseenPeers(keepers).map((peer): Keeper => ({ node: peer, holds: 'unknown', state: '' }));
  return { address, keepers: [...keepers, ...strangers], isComplete: strangers.length === 0 && nodes.length > 1 };
}

/** Addresses the entry has, by number. */
function entryAddresses(seen: Seen<AddressEvidence>): readonly string[] {
  const tries = seen.peek('lb.tries');
  const dialled = tries?.state === 'known' ? tries.value.tries.flatMap((one) => splitAddress(one.address, 0)?.host ?? []) : [];
  const host = seen.topology.entry?.host;
  return [...new Set([...(host === undefined ? [] : [host]), ...dialled])];
}

function namesIn({ content }: BalancerFile): readonly string[] {
  return content.kind === 'keepalived' || content.kind === 'keepalived-state' ? content.instances.flatMap((one) => one.addresses) : [];
}

function notNamed(seen: Seen) {
  return {
    gap: 'absent',
    detail: 'no keepalived.conf was seen that names the address of the API',
    howToGet: '--lb-config lb1=/etc/keepalived/keepalived.conf --lb-config lb2=…',
    id: 'lb.config',
    subject: `lb/${seen.topology.entry?.subject.id ?? 'lb'}`,
  } as const;
}

interface Found {
  readonly file: BalancerFile;
  readonly config: KeepalivedConfig;
}

/** What lies in a machine's own table of addresses goes before what keepalived says of itself. */
function keeperOn(
  seen: Seen<AddressEvidence>,
  node: string,
  address: string,
  files: readonly BalancerFile[],
  found: Found | undefined,
): Keeper {
  const instance = found?.config.instances.find((one) => one.addresses.includes(address));
  const base = {
    node,
    ...(found !== undefined && { file: found.file.path, config: found.config }),
    ...(instance !== undefined && { instance }),
  };
  const state = files.flatMap((file) =>
    file.node === node && file.content.kind === 'keepalived-state' ? stateIn(file.content, address) : [],
  )[0];
  const times = {
    ...(state?.lastTransition !== undefined && { changedAt: state.lastTransition }),
    ...(state?.writtenAt !== undefined && { writtenAt: state.writtenAt }),
  };
  const here = seen.peek('here.network');
  if (here?.state === 'known' && here.value.node === node) {
    const holds = here.value.holds.includes(address);
    return { ...base, holds: holds ? 'yes' : 'no', state: state?.state ?? (holds ? 'holds it' : 'does not hold it'), ...times };
  }
  const list = files.find((file) => file.node === node && file.content.kind === 'addresses')?.content;
  if (list?.kind === 'addresses') {
    const holds = list.addresses.includes(address);
    return { ...base, holds: holds ? 'yes' : 'no', state: state?.state ?? (holds ? 'holds it' : 'does not hold it'), ...times };
  }
  if (state !== undefined) return { ...base, holds: state.state === 'MASTER' ? 'yes' : 'no', state: state.state, ...times };
  const answers = answersFor(seen, address, instance?.unicastSource);
  return answers ? { ...base, holds: 'yes', state: 'answers for it on this network' } : { ...base, holds: 'unknown', state: '' };
}

function stateIn(content: KeepalivedState, address: string): KeepalivedState['instances'] {
  return content.instances.filter((one) => one.addresses.includes(address));
}

/** Whether the same network card answers for the virtual address and for the machine's own. */
function answersFor(seen: Seen<'here.network'>, address: string, own: string | undefined): boolean {
  const here = seen.peek('here.network');
  if (here?.state !== 'known' || own === undefined) return false;
  const card = (of: string): string => here.value.neighbours.find((one) => one.address === of)?.hardware ?? '';
  return card(address) !== '' && card(address) === card(own);
}

/** Whether somebody on our own network was asked for the address, and nobody answered. */
export function nobodyAnswers(seen: Seen<'here.network'>, address: string): boolean {
  const here = seen.peek('here.network');
  return here?.state === 'known' && here.value.neighbours.some((one) => one.address === address && one.hardware === '');
}

/** Peers that a configuration names and that no file belongs to. */
function unseenPeers(keepers: readonly Keeper[]): readonly string[] {
  const own = new Set(
    keepers.flatMap((one) => [one.node, ...(one.instance?.unicastSource === undefined ? [] : [one.instance.unicastSource])]),
  );
  const named = new Set(keepers.flatMap((one) => one.instance?.unicastPeers ?? []));
  const strange = [...named].filter((peer) => !own.has(peer)).sort();
  // Without unicast_src_ip on every one of them a peer may be one of those seen.
  const nameless = keepers.filter((one) => one.instance !== undefined && one.instance.unicastSource === undefined).length;
  return strange.slice(nameless);
}

/** A line for each machine. */
export function keeperRows(keepers: readonly Keeper[]) {
  return keepers.map((one) => ({
    node: one.node,
    words: one.state === '' ? 'not inspected' : one.state,
    priority: one.instance === undefined ? '' : one.instance.priority,
  }));
}
