// Would a client that verifies accept the certificate on a member's client port?
import { say, type Text } from '../../model/sentence.ts';
import type { Trust } from '../../model/network.ts';
import type { Seen } from '../../model/rule.ts';
import type { Member } from '../../model/topology.ts';

/** Milliseconds: so near to its ends only the rules about certificates and clocks should speak. */
const tolerance = 60_000;

/**
 * A few words when a client that verifies turns away from it: surely outside its dates, by our clock and, where it told
 * the time, by the member's own; or, by the authority the user named, of another authority or for other names.
 */
export function whyUntrusted(seen: Seen<'etcd.client-port' | 'etcd.clock'>, member: Member): Text | undefined {
  return outsideItsDates(seen, member) ?? notMeantForIt(seen, member);
}

function outsideItsDates(seen: Seen<'etcd.client-port' | 'etcd.clock'>, member: Member): Text | undefined {
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

/** An authority that signed none of the members' certificates is the wrong one to judge them by. */
function notMeantForIt(seen: Seen<'etcd.client-port'>, member: Member): Text | undefined {
  const trust = trustIn(seen, member);
  if (trust?.kind !== 'untrusted') return undefined;
  if (trust.why === 'wrong-name')
    return say('no client that asks for {host} trusts its certificate: {detail}', { host: member.host, detail: trust.detail });
  if (trust.why !== 'unknown-authority') return undefined;
  const others = seen.topology.members.flatMap((other) => (other === member ? [] : [trustIn(seen, other)]));
  const fits = others.some((other) => other?.kind === 'trusted' || (other?.kind === 'untrusted' && other.why !== 'unknown-authority'));
  return fits ? say('its certificate is {detail}', { detail: trust.detail }) : undefined;
}

function trustIn(seen: Seen<'etcd.client-port'>, member: Member): Trust | undefined {
  const port = seen.peek('etcd.client-port', member.subject);
  return port?.state === 'known' ? port.value.trust : undefined;
}
