// Who holds an address by the word of the machines themselves: keepalived's own dump, ip addr, kube-vip's manifest?
import { parse } from 'yaml';
import type { AddressList, KeepalivedState, KubeVipConfig } from '../../../model/balancer.ts';
import { cleanLine } from '../text.ts';
import { linesOf } from './words.ts';

const wanted = /^(?:VRRP Instance|State|Last transition|Read timeout|Effective priority|Virtual (?:IP|Router))\b|^[0-9a-fA-F.:]+\/\d+ dev /;

export function looksLikeKeepalivedState(text: string): boolean {
  return /^[ \t]*VRRP Instance = /m.test(text) && /^[ \t]*State = /m.test(text);
}

/** Its dump carries the password; only the lines that are understood are kept. */
export function reduceKeepalivedState(text: string): string {
  const lines = linesOf(text, '');
  const begin = lines.findIndex((line) => line.startsWith('------<') && line.includes('VRRP Topology'));
  const after = lines.findIndex((line, index) => index > begin && line.startsWith('------<'));
  return lines
    .slice(Math.max(0, begin), after === -1 ? lines.length : after)
    .filter((line) => wanted.test(line))
    .join('\n');
}

/** @throws Error with one sentence. */
export function readKeepalivedState(text: string): KeepalivedState {
  const blocks = text.split(/^[ \t]*VRRP Instance = /m).slice(1);
  if (blocks.length === 0) throw new Error('it names no VRRP instance');
  return { kind: 'keepalived-state', instances: blocks.slice(0, 100).map(instanceIn) };
}

function instanceIn(block: string): KeepalivedState['instances'][number] {
  const [name = '', ...lines] = linesOf(block, '');
  const value = (label: string): string => lines.find((line) => line.startsWith(`${label} = `))?.slice(label.length + 3) ?? '';
  const seconds = (label: string): number | undefined => {
    const text = /^(\d{9,11}(?:\.\d{1,9})?)\b/.exec(value(label))?.[1];
    return text === undefined ? undefined : Math.round(Number(text) * 1000);
  };
  const priority = /^\d{1,3}$/.exec(value('Effective priority'))?.[0];
  const lastTransition = seconds('Last transition');
  const writtenAt = seconds('Read timeout');
  return {
    name: cleanLine(name, 100),
    state: cleanLine(value('State').split(' ')[0] ?? '', 20),
    addresses: lines.flatMap((line) => /^([0-9a-fA-F.:]+)\/\d+ dev /.exec(line)?.[1] ?? []),
    ...(priority !== undefined && { effectivePriority: Number(priority) }),
    ...(lastTransition !== undefined && { lastTransition }),
    ...(writtenAt !== undefined && { writtenAt }),
  };
}

export function looksLikeAddresses(text: string): boolean {
  return /^\d+: \S+[ \t]+inet6? [0-9a-fA-F.:]+\/\d+/m.test(text) || /^[ \t]+inet6? [0-9a-fA-F.:]+\/\d+ .*scope /m.test(text);
}

export function reduceAddresses(text: string): string {
  return [...text.slice(0, 200_000).matchAll(/\binet6? ([0-9a-fA-F.:]+\/\d+)/g)].map((match) => `1: x inet ${match[1]}`).join('\n');
}

/** @throws Error with one sentence. */
export function readAddresses(text: string): AddressList {
  const addresses = [...text.matchAll(/\binet6? ([0-9a-fA-F.:]+)\/\d+/g)].map((match) => match[1] ?? '');
  if (addresses.length === 0) throw new Error('it lists no address');
  return { kind: 'addresses', addresses };
}

export function looksLikeKubeVip(text: string): boolean {
  return /^[ \t]*kind:[ \t]*"?Pod/m.test(text) && /kube-vip/.test(text);
}

const settings = new Set(['address', 'vip_address', 'port']);

/** Name and value of the variables that are understood. */
export function reduceKubeVip(text: string): string {
  const env = environmentIn(text).filter((one) => settings.has(one.name));
  return JSON.stringify({ kind: 'Pod', metadata: { name: 'kube-vip' }, spec: { containers: [{ name: 'kube-vip', env }] } }, null, 1);
}

function environmentIn(text: string): readonly { readonly name: string; readonly value: string }[] {
  let pod: unknown;
  try {
    pod = parse(text.slice(0, 50_000), { maxAliasCount: 10 });
  } catch {
    throw new Error('it is no YAML');
  }
  const containers = (pod as { spec?: { containers?: unknown } } | null)?.spec?.containers;
  if (!Array.isArray(containers)) throw new Error('it has no containers');
  return containers.flatMap((one: { env?: unknown } | null) => {
    const env = one?.env;
    if (!Array.isArray(env)) return [];
    return env.flatMap((variable: { name?: unknown; value?: unknown } | null) =>
      typeof variable?.name === 'string' && variable.value !== undefined
        ? [{ name: cleanLine(variable.name, 100), value: cleanLine(String(variable.value), 200) }]
        : [],
    );
  });
}

/** @throws Error with one sentence. */
export function readKubeVip(text: string): KubeVipConfig {
  const env = environmentIn(text);
  const address = env.find((one) => one.name === 'address' || one.name === 'vip_address')?.value.replace(/\/\d+$/, '');
  if (address === undefined || address === '') throw new Error('its environment names no address');
  const port = env.find((one) => one.name === 'port')?.value;
  return { kind: 'kube-vip', address, ...(port !== undefined && /^\d{1,5}$/.test(port) && { port: Number(port) }) };
}
