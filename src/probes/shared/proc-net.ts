// What do the tables below /proc/net say? (proc(5); addresses in tcp and tcp6 are words in the machine's own byte order)
import { endianness } from 'node:os';

/** Every address of this machine. */
export function ownAddressesIn(fibTrie: string, ifInet6: string): ReadonlySet<string> {
  const found = new Set<string>();
  let leaf = '';
  for (const line of fibTrie.split('\n')) {
    leaf = /\|-- (\d+\.\d+\.\d+\.\d+)/.exec(line)?.[1] ?? leaf;
    if (line.includes('host LOCAL')) found.add(leaf);
  }
  for (const [, hex] of ifInet6.matchAll(/^([0-9a-f]{32}) /gm)) found.add(spellV6(hex ?? ''));
  return found;
}

/** IPv4 neighbours; the hardware address is empty while nobody answers. */
export function neighboursIn(arp: string): readonly { readonly address: string; readonly hardware: string }[] {
  return [...arp.matchAll(/^(\d+\.\d+\.\d+\.\d+)\s+0x\S+\s+(0x\S+)\s+([0-9a-fA-F:]{17})/gm)].map(
    ([, address = '', flags = '', hardware = '']) => {
      // ATF_COM: the address was resolved.
      const isResolved = (Number(flags) & 2) !== 0;
      return { address, hardware: isResolved ? hardware.toLowerCase() : '' };
    },
  );
}

/** Listening sockets; the host is empty for every address. */
export function listenersIn(tcp: string, tcp6: string): readonly { readonly host: string; readonly port: number }[] {
  const four = [...tcp.matchAll(listening(8))].map(([, address = '', port = '']) => ({
    host: spellV4(address),
    port: Number.parseInt(port, 16),
  }));
  const six = [...tcp6.matchAll(listening(32))].map(([, address = '', port = '']) => ({
    host: spellV6(wordwise(address)),
    port: Number.parseInt(port, 16),
  }));
  const all = [...four, ...six].map(({ host, port }) => ({ host: host === '0.0.0.0' || host === '::' ? '' : host, port }));
  return [...new Map(all.map((one) => [`${one.host} ${one.port}`, one])).values()];
}

function listening(digits: number): RegExp {
  return new RegExp(`^\\s*\\d+: ([0-9A-F]{${digits}}):([0-9A-F]{4}) [0-9A-F]+:[0-9A-F]{4} 0A `, 'gm');
}

function wordwise(hex: string): string {
  if (endianness() === 'BE') return hex;
  return hex.replace(/(..)(..)(..)(..)/g, '$4$3$2$1');
}

function spellV4(hex: string): string {
  return (wordwise(hex).match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16)).join('.');
}

/** The short spelling that everybody else uses. */
function spellV6(hex: string): string {
  const groups = (hex.match(/..../g) ?? []).join(':');
  const mapped = /^0{4}(?::0{4}){4}:ffff:/i.test(groups) ? spellMapped(hex) : undefined;
  return mapped ?? new URL(`http://[${groups}]/`).hostname.slice(1, -1);
}

function spellMapped(hex: string): string {
  return (hex.slice(24).match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16)).join('.');
}
