// With which commands is a server of HAProxy's taken out of service or put back, and where does HAProxy look for it?
import { shellWord } from '../shell-word.ts';

/** A semicolon or a blank would begin HAProxy's next command or word (management.txt, section 9.3). */
function escapeName(name: string): string {
  return name.replace(/[\\;\s]/g, '\\$&');
}

/** To be run on the load balancer. */
export function setServer(proxy: string, server: string, state: 'drain' | 'maint' | 'ready'): string {
  return `echo ${shellWord(`set server ${escapeName(proxy)}/${escapeName(server)} state ${state}`)} | socat - /run/haproxy/admin.sock`;
}

/**
 * Sets a variable of the shell to `address:port` of a server; to be run on the load balancer. Its pages show addresses to
 * administrators only, its socket to everybody (management.txt, section 9.3, `show servers state`: srv_addr is the 5th
 * column, srv_port the 19th).
 */
export function addressOnSocket(variable: string, proxy: string, server: string): string {
  const show = `echo ${shellWord(`show servers state ${escapeName(proxy)}`)} | socat - /run/haproxy/admin.sock`;
  return `${variable}=$(${show} | awk -v ${shellWord(`name=${server}`)} '$4 == name {print $5 ":" $19}')`;
}
