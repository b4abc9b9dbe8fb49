// Does a port that wants a client certificate answer, and with which certificate of its own?
import * as z from 'zod';
import type { Failure, Knock } from '../../model/network.ts';
import type { Subject } from '../../model/subject.ts';
import type { RawTry } from '../../sources/source.ts';
import type { Gathered, Surroundings } from '../probe.ts';
import { gap } from './gaps.ts';
import { failureOf, parseRaw, rawTry } from './raw.ts';
import { describeAnchors, describeChain, judgeChain, writeTries } from './tries.ts';
import { bestTry, tryInWindow } from './window.ts';

const rawKnocks = z.object({
  tries: z.array(rawTry).min(1),
  anchors: z.array(z.string()).exactOptional(),
  names: z.array(z.string()).exactOptional(),
  anchorsOf: z.literal('peers').exactOptional(),
});

export async function gatherKnock(host: string, port: number, around: Surroundings): Promise<Gathered> {
  const tries = await tryInWindow((signal) => around.source.knock(host, port, signal), isOpen, around.signal);
  return { raw: JSON.stringify({ tries }), source: 'direct' };
}

/** Once: what listens on the loopback alone refuses, and asking again changes nothing. */
export async function gatherOneKnock(subject: Subject, port: number, around: Surroundings): Promise<Gathered> {
  const host = around.topology.machines.find((machine) => machine.subject.id === subject.id)?.host;
  if (host === undefined) throw gap('absent', `no address is known for node ${subject.name}`, 'kubectl get nodes -o wide');
  return { raw: JSON.stringify({ tries: [await around.source.knock(host, port, around.signal)] }), source: 'direct' };
}

/** The same with what its certificate is judged by; that travels in the recording, so that a replay judges the same. */
export async function gatherEtcdKnock(host: string, port: number, around: Surroundings): Promise<Gathered> {
  const tries = await tryInWindow((signal) => around.source.knock(host, port, signal), isOpen, around.signal);
  const anchors = around.source.anchors('etcd');
  return { raw: anchors.length === 0 ? JSON.stringify({ tries }) : writeTries(tries, anchors, [host]), source: 'direct' };
}

/** Members may check one another with another authority than clients check them with: the clients' own proves less. */
export async function gatherPeerKnock(host: string, port: number, around: Surroundings): Promise<Gathered> {
  const anchors = around.source.anchors('etcd-peer');
  if (anchors.length === 0) return gatherEtcdKnock(host, port, around);
  const tries = await tryInWindow((signal) => around.source.knock(host, port, signal), isOpen, around.signal);
  return { raw: JSON.stringify({ tries, anchors, names: [host], anchorsOf: 'peers' }), source: 'direct' };
}

/** The port is open when any try found it so: what the network lost once is not the server's silence. */
export function readKnock(raw: string): Knock {
  const { tries, anchors = [], names = [], anchorsOf } = parseRaw(raw, rawKnocks);
  const open = tries.find(isOpen);
  const telling = open ?? tries.find((one) => one.chain.length > 0);
  const chain = describeChain(telling?.chain ?? []);
  const trust = telling === undefined || anchors.length === 0 ? {} : { trust: judgeChain(telling, anchors, names) };
  const authorities = anchors.length === 0 ? {} : { authorities: describeAnchors(anchors), ...(anchorsOf && { authoritiesOf: anchorsOf }) };
  const last = bestTry(tries);
  const silent: Failure = { kind: 'failed', why: 'closed', detail: 'the connection ended without a handshake' };
  return { outcome: open === undefined ? ((last && failureOf(last)) ?? silent) : { kind: 'open' }, chain, ...trust, ...authorities };
}

/** A server that shows its certificate and then rejects us for having none is alive: TLS 1.2 says so within the handshake. */
function isOpen(one: RawTry): boolean {
  return one.failure === undefined || (one.failure.why === 'tls' && one.chain.length > 0);
}
