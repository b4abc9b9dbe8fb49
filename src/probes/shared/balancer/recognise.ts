// Which kind of file is this, and which of its parts are kept?
import type { BalancerFile } from '../../../model/balancer.ts';
import { looksLikeHaproxy, readHaproxy, reduceHaproxy } from './haproxy.ts';
import { looksLikeKeepalived, readKeepalived, reduceKeepalived } from './keepalived.ts';
import { looksLikeNginx, readNginx, reduceNginx } from './nginx.ts';
import {
  looksLikeAddresses,
  looksLikeKeepalivedState,
  looksLikeKubeVip,
  readAddresses,
  readKeepalivedState,
  readKubeVip,
  reduceAddresses,
  reduceKeepalivedState,
  reduceKubeVip,
} from './states.ts';

interface Kind {
  readonly looks: (text: string) => boolean;
  /** What may leave the machine. */
  readonly reduce: (text: string) => string;
  /** @throws Error with one sentence. */
  readonly read: (text: string) => BalancerFile['content'];
}

/** In the order in which they are tried: a dump of keepalived's looks like nothing else. */
const kinds: Readonly<Record<BalancerFile['content']['kind'], Kind>> = {
  'keepalived-state': { looks: looksLikeKeepalivedState, reduce: reduceKeepalivedState, read: readKeepalivedState },
  keepalived: { looks: looksLikeKeepalived, reduce: reduceKeepalived, read: readKeepalived },
  'kube-vip': { looks: looksLikeKubeVip, reduce: reduceKubeVip, read: readKubeVip },
  addresses: { looks: looksLikeAddresses, reduce: reduceAddresses, read: readAddresses },
  haproxy: { looks: looksLikeHaproxy, reduce: reduceHaproxy, read: readHaproxy },
  nginx: { looks: looksLikeNginx, reduce: reduceNginx, read: readNginx },
};

export type KindName = keyof typeof kinds;
export const kindNames = Object.keys(kinds) as readonly KindName[];

/** The kind and the reduced text. @throws Error with one sentence for a file of no kind that is known. */
export function reduceFile(text: string): { readonly kind: KindName; readonly text: string } {
  const kind = kindNames.find((name) => kinds[name].looks(text.slice(0, 1_000_000)));
  if (kind === undefined) throw new Error('it is neither HAProxy’s, Nginx’s, keepalived’s nor kube-vip’s, nor a list of addresses');
  return { kind, text: kinds[kind].reduce(text) };
}

export function readFile(kind: KindName, text: string): BalancerFile['content'] {
  return kinds[kind].read(text);
}
