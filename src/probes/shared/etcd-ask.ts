// By which ways can one etcd member be asked?
import { setTimeout as pause } from 'node:timers/promises';
import type { Member } from '../../model/topology.ts';
import { type Deadlines, deadlines, type RawTry, type Request } from '../../sources/source.ts';
import type { Access, Gathered, Surroundings } from '../probe.ts';
import { etcdAccessFlags, gap, hasEtcdCertificate } from './gaps.ts';
import { answered, bestTry, tryInWindow } from './window.ts';

const metricsPort = 2381;
/** How long one way is given before the next one is tried beside it, in milliseconds. */
export const headStart = 300;

export interface Question {
  readonly path: string;
  /** JSON; makes it a POST to the gateway. */
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly deadlines?: Deadlines;
}

/** Over HTTP on the client port with the etcd certificate, again when nothing comes back. @throws GapError without one. */
export function askMember(member: Member, question: Question, around: Surroundings): Promise<readonly RawTry[]> {
  return tryInWindow(
    (signal) => around.source.request(memberRequest(member, member.clientPort, question, signal)),
    answered,
    around.signal,
  );
}

/** Once on the peer port, which speaks HTTP/1.1 to any client certificate of etcd's authority. */
export function askPeer(member: Member, path: string, around: Surroundings, body?: string): Promise<RawTry> {
  const request = memberRequest(member, member.peerPort, { path, ...(body !== undefined && { body }) }, around.signal);
  // Its hash is asked for by a GET that carries the revision.
  return around.source.request({ ...request, method: 'GET' });
}

/**
 * What was asked on the client port, and the same on the peer port where that stays silent: beside it, because both
 * ports of a dead machine cost their own deadline.
 */
export async function askBothPorts(
  member: Member,
  question: Question,
  peerPath: string,
  around: Surroundings,
): Promise<{ readonly tries: readonly RawTry[]; readonly peer?: RawTry }> {
  const asked = askMember(member, question, around);
  const soon = await Promise.race([asked.then((tries) => tries.some(answered)), pause(headStart, false, { ref: false })]);
  const [tries, peer] = await Promise.all([asked, soon ? undefined : askPeer(member, peerPath, around)]);
  return { tries, ...(peer === undefined ? {} : { peer }) };
}

function memberRequest(member: Member, port: number, question: Question, signal: AbortSignal): Request {
  const { path, body, headers } = question;
  return {
    scheme: 'https',
    host: member.host,
    port,
    path,
    method: body === undefined ? 'GET' : 'POST',
    ...(body === undefined ? {} : { body }),
    headers: body === undefined ? {} : { 'content-type': 'application/json', ...headers },
    identity: 'etcd',
    deadlines: question.deadlines ?? deadlines.usual,
    signal,
  };
}

/** A call over gRPC itself, for when the gateway answers but cannot reach its own server. */
export function callMember(member: Member, method: string, message: Uint8Array, around: Surroundings, metadata = {}): Promise<RawTry> {
  return around.source.grpc(member.host, member.clientPort, method, message, around.signal, { metadata });
}

/** Whether the gateway answered with something else than the wanted answer, so that gRPC may know more. */
export function gatewayRefused(tries: readonly RawTry[]): boolean {
  const status = bestTry(tries)?.answer?.status;
  return status !== undefined && status !== 200;
}

/**
 * A GET that both the client port and the metrics listener answer: with the certificate where one was given, through a
 * port-forward to the member's pod where not, or where the client port stays silent.
 * @throws GapError when neither way is open.
 */
export async function askMetricsPath(member: Member, path: string, around: Surroundings, keep = (one: RawTry) => one): Promise<Gathered> {
  const tries = hasEtcdCertificate(around) ? await askMember(member, { path }, around) : [];
  // A port that takes no connection belongs to a process or a machine that is gone, and its other listener with it.
  if (tries.some(answered) || (tries.length > 0 && !tries.some((one) => one.connected)))
    return { raw: JSON.stringify({ tries: tries.map(keep) }), source: 'etcd certificate' };
  try {
    const one = await forward(member, path, around);
    return { raw: JSON.stringify({ tries: [...tries, keep(one)] }), source: 'port-forward' };
  } catch (error) {
    if (tries.length === 0) throw error;
    // The member was asked and stayed silent: that is known, whether or not a second way is open.
    return { raw: JSON.stringify({ tries }), source: 'etcd certificate' };
  }
}

async function forward(member: Member, path: string, around: Surroundings): Promise<RawTry> {
  const review = around.value('kube.may-port-forward');
  const obstacle = around.gap('kube.may-port-forward');
  if (review === undefined) {
    const detail =
      obstacle === undefined ? 'it is not known whether a port may be forwarded' : `no port could be forwarded: ${obstacle.detail}`;
    throw gap(
      obstacle?.gap ?? 'not-collected',
      `no client certificate for etcd was given, and ${detail}`,
      etcdAccessFlags,
      obstacle?.through,
    );
  }
  if (!review.allowed)
    throw gap(
      'denied',
      'no client certificate for etcd was given, and the credential may not forward ports to pods of kube-system',
      etcdAccessFlags,
    );
  if (member.pod === undefined)
    throw gap(
      'absent',
      `no client certificate for etcd was given, and no pod is known to run member ${member.subject.name}`,
      etcdAccessFlags,
    );
  return around.source.forwarded(member.pod, metricsPort, path, around.signal);
}

/** `get` is what a forward over WebSocket is authorised as; `create` is asked for as well from Kubernetes 1.35 on. */
export const forwardAccess: readonly Access[] = [
  { verb: 'get', group: '', resource: 'pods/portforward', namespace: 'kube-system' },
  { verb: 'create', group: '', resource: 'pods/portforward', namespace: 'kube-system' },
];
