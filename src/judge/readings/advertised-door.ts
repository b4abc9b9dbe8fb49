// Does the address that pods are sent to lead to an API server that answers at another one?
import { joinAddress } from '../../model/address.ts';
import type { FailureClass } from '../../model/network.ts';
import type { Seen } from '../../model/rule.ts';
import { say, type Text } from '../../model/sentence.ts';
import type { Master } from '../../model/topology.ts';
import { readApiServer, type SilentApiServer } from './api-server.ts';
import { splitAddress } from '../topology/build.ts';
import { type Backend, type BackendEvidence, backendsOf, wordsOf } from './backend.ts';
import { reasonOf } from './balancer-check.ts';
import { peersHaveLost } from './etcd-path.ts';

export type DoorEvidence = 'api.ready' | 'kube.nodes' | 'kube.endpoints' | 'etcd.metrics' | BackendEvidence;

/**
 * `leads`: it was answered there, or the load balancer is. `dead`: silent to us, and somebody else says so too or our own way is proven
 * by another API server. `ours`: silent to us alone, as far as anybody knows. `unasked`: nobody tried.
 */
export type AdvertisedDoor =
  | { readonly kind: 'leads' | 'unasked' }
  | { readonly kind: 'ours'; readonly words: Text }
  | { readonly kind: 'dead'; readonly words: Text; readonly looks: number; readonly by?: Text };

const words: Partial<Record<FailureClass, Text>> = {
  refused: 'refuses connections',
  timeout: 'does not answer',
  unreachable: 'cannot be reached',
  hung: 'accepts a connection, then says nothing',
};

export function advertisedDoor(seen: Seen<DoorEvidence>, master: Master, address: string): AdvertisedDoor {
  const subject = { ...master.subject, id: address };
  const reading = seen.attempt(() => readApiServer(seen, { subject }));
  if (reading !== undefined && reading.kind !== 'silent') return { kind: 'leads' };
  const checked = seen.attempt(() => backendsOf(seen).find(({ row }) => row.address === address));
  if (checked !== undefined && isReached(checked)) return { kind: 'leads' };
  if (reading === undefined) return { kind: 'unasked' };
  const silent = words[reading.why] ?? reading.detail;
  const looks = seen.samples('api.ready', subject).length;
  if (checked !== undefined && isGone(checked)) {
    const by = say('{software} ({words})', { software: checked.software, words: wordsOf(checked) });
    return { kind: 'dead', words: silent, looks, by };
  }
  if (membersHaveLost(seen, master, address)) return { kind: 'dead', words: silent, looks, by: 'the etcd members that lost it there' };
  if (leavesATrace(reading) && anotherAnswersAtIts(seen, master)) return { kind: 'dead', words: silent, looks };
  return { kind: 'ours', words: silent };
}

/** Its check got through, however deep it looks. */
function isReached({ state, check, envoy }: Backend): boolean {
  return state === 'up' && (envoy !== undefined || check.endsWith('OK'));
}

/** Its check did not even get a connection. */
function isGone(backend: Backend): boolean {
  const reason = reasonOf(backend);
  return backend.state === 'down' && (reason === 'refused' || reason === 'timeout');
}

/** What drops packets, or says that there is no way, may stand between us and it; a refusal comes from where the address is. */
function leavesATrace({ why }: SilentApiServer): boolean {
  return why !== 'timeout' && why !== 'unreachable' && why !== 'dns';
}

/** Then the network of these addresses, and their port, are open to us. */
function anotherAnswersAtIts(seen: Seen<DoorEvidence>, master: Master): boolean {
  const { addresses } = seen.get('kube.endpoints');
  return seen.topology.masters
    .filter((other) => other !== master)
    .flatMap((other) => other.doors.map((door) => ({ ...other.subject, id: joinAddress(door.host, door.port) })))
    .filter(({ id }) => addresses.includes(id))
    .some((subject) => {
      const reading = seen.attempt(() => readApiServer(seen, { subject }));
      return reading !== undefined && reading.kind !== 'silent';
    });
}

/** The member on the same address, by every other one that tells. */
function membersHaveLost(seen: Seen<DoorEvidence>, { subject }: Master, address: string): boolean {
  const own = seen.topology.members.find((member) => member.subject.keys.node === subject.keys.node);
  return own !== undefined && splitAddress(address, 0)?.host === (own.peerHost ?? own.host) && peersHaveLost(seen, own);
}
