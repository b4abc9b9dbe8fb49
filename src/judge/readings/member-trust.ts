// Would a client that verifies accept the certificate on a member's client port?
import { say, type Text } from '../../model/sentence.ts';
import type { Seen } from '../../model/rule.ts';
import type { Member } from '../../model/topology.ts';

/** Milliseconds: so near to its ends only the rules about certificates and clocks should speak. */
const tolerance = 60_000;

/**
 * A few words when it is surely outside its dates, by our clock and, where it told the time, by the member's own;
 * undefined otherwise.
 */
export function whyUntrusted(seen: Seen<'etcd.client-port' | 'etcd.clock'>, member: Member): Text | undefined {
  const port = seen.peek('etcd.client-port', member.subject);
  const leaf = port?.state === 'known' ? port.value.chain[0] : undefined;
  if (leaf === undefined) return undefined;
  const clock = seen.peek('etcd.clock', member.subject);
  const moments = [seen.startedAt, ...(clock?.state === 'known' ? [clock.value.serverTime] : [])];
  const end = Date.parse(leaf.notAfter);
  const start = Date.parse(leaf.notBefore);
  if (moments.every((moment) => moment > end + tolerance)) return say('its certificate ended {end}', { end: leaf.notAfter });
  if (moments.every((moment) => moment < start - tolerance)) return say('its certificate begins {start}', { start: leaf.notBefore });
  return undefined;
}
