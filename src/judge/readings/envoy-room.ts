// Has Envoy room for every client, and does it send some of them to servers that it calls dead?
import type { Seen } from '../../model/rule.ts';
import { type Sentence, say } from '../../model/sentence.ts';
import { envoyHostsOf, type EnvoyJudged } from './envoy-host.ts';

export type EnvoyRoom =
  | { readonly kind: 'panicking' | 'full'; readonly words: Sentence }
  | { readonly kind: 'enough'; readonly active: number; readonly limit: number }
  /** What it did not show. */
  | { readonly kind: 'threshold-unseen' | 'limit-unseen' };

/** Panic first: it fails a share of the clients now. @param full percentage of the limit above which it counts as full. */
export function readEnvoyRoom(seen: Seen<'lb.envoy'>, full: number): EnvoyRoom {
  const hosts = envoyHostsOf(seen);
  // Where no host is called well, nothing better is withheld from clients.
  const withOthers = hosts.filter((one) => hosts.some((other) => other.host.cluster === one.host.cluster && other.state === 'up'));
  const forced = withOthers.filter((one) => one.forced === 'yes');
  if (forced.length > 0) {
    const percent = Math.max(...forced.map(({ cluster }) => cluster?.panicBelow ?? 0));
    const facts = { count: forced.length, all: hosts.length, percent };
    const words = say('sends clients to {count} of {all} servers that it calls dead itself: fewer than {percent} % are healthy', facts);
    return { kind: 'panicking', words };
  }
  if (withOthers.some((one) => one.forced === 'unknown')) return { kind: 'threshold-unseen' };
  const fullest = fullestOf(hosts);
  if (fullest === undefined) return { kind: 'limit-unseen' };
  const { active, limit } = fullest;
  if ((100 * active) / limit <= full) return { kind: 'enough', active, limit };
  return { kind: 'full', words: say('holds {active} of at most {limit} connections in {cluster}', { ...fullest }) };
}

/** The cluster with the least room left; undefined where Envoy does not say. */
function fullestOf(hosts: readonly EnvoyJudged[]) {
  const rooms = [...new Set(hosts.map(({ host }) => host.cluster))].flatMap((cluster) => {
    const members = hosts.filter(({ host }) => host.cluster === cluster);
    const limit = members[0]?.cluster?.connectionLimit;
    if (limit === undefined || limit === 0 || members.some(({ host }) => host.active === undefined)) return [];
    return [{ cluster, active: members.reduce((sum, { host }) => sum + (host.active ?? 0), 0), limit }];
  });
  return rooms.sort((one, other) => other.active / other.limit - one.active / one.limit)[0];
}
