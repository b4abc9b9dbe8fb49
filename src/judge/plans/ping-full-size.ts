// Do packets of full size get through to a host?
import { shellWord } from '../shell-word.ts';

/** What an Ethernet frame of 1500 bytes leaves after the headers of IP (20, IPv6 40) and of ICMP (8). */
export function pingFullSize(host: string): string {
  return `ping -c 3 -W 2 -M do -s ${host.includes(':') ? 1452 : 1472} ${shellWord(host)}`;
}
