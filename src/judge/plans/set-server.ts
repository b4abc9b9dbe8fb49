// With which command is a server of HAProxy's taken out of service or put back?
import { shellWord } from '../shell-word.ts';

/** A semicolon or a blank would begin HAProxy's next command or word (management.txt, section 9.3). */
function escapeName(name: string): string {
  return name.replace(/[\\;\s]/g, '\\$&');
}

/** To be run on the load balancer. */
export function setServer(proxy: string, server: string, state: 'drain' | 'maint' | 'ready'): string {
  return `echo ${shellWord(`set server ${escapeName(proxy)}/${escapeName(server)} state ${state}`)} | socat - /run/haproxy/admin.sock`;
}
