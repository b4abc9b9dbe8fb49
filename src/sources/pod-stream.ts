// Over which API server is a stream into a pod opened, and what stands in the way if over none?
import type { Gap } from '../model/evidence.ts';
import { type Api, explainFailure, headStart, messageIn, pathFor, type Tried } from './kubernetes.ts';
import { Stopped } from './limit.ts';
import { type Finish, type Lap, race } from './race.ts';
import { deadlines, GapError, type RawTry } from './source.ts';
import type { Way } from './ways.ts';
import { type Channel, openChannel, type Upgraded } from './websocket.ts';

/** What is being opened, for the sentences of a gap. */
export interface Purpose {
  readonly pod: string;
  /** Such as `the port-forward to etcd-m1`. */
  readonly what: string;
  readonly howToGet: string;
}

interface Opening {
  readonly way: Way;
  readonly upgraded: Upgraded;
}

/** API servers say so when it is the kubelet behind them that does not answer. */
const kubeletSilent = /error dialing backend|dial tcp|proxy error|no route to host|i\/o timeout/i;

/** The caller closes the channel. @throws GapError */
export async function openPodStream(api: Api, path: string, protocol: string, purpose: Purpose, signal: AbortSignal): Promise<Channel> {
  let reached = false;
  try {
    const finish = await raceForStream(api, path, protocol, () => (reached = true), signal);
    if ('losers' in finish) throw explainFailure(finish.losers.map(asTried), purpose.what, purpose.howToGet, api.ways.entry);
    const { upgraded } = finish.winner;
    if (upgraded.kind === 'open') return upgraded.channel;
    throw refused(upgraded, purpose);
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
    const { pod, what, howToGet } = purpose;
    if (reached) throw kubeletGap(pod, `${what} was not open when the run stopped waiting for it`, howToGet, 'timeout');
    throw new GapError({ gap: 'timeout', detail: `${what} was stopped before it was due.`, howToGet, through: api.ways.entry.subject });
  }
}

async function raceForStream(api: Api, path: string, protocol: string, reached: () => void, signal: AbortSignal): Promise<Finish<Opening>> {
  const ready = await api.operator.ready(signal);
  const run = async (way: Way, stop: AbortSignal): Promise<Lap<Opening>> => {
    const wish = { path: pathFor(api, way, path), headers: { ...ready.headers, Host: api.hostHeader }, protocol, reached };
    const upgraded = await openChannel(api.operator.target(way.host, way.port, ready), wish, deadlines.stream, stop);
    return { usable: isFinal(upgraded), result: { way, upgraded } };
  };
  const discard = ({ upgraded }: Opening): void => {
    if (upgraded.kind === 'open') upgraded.channel.close();
  };
  return race<Way, Opening>({ ways: () => api.ways.ordered(), run, headStart, patience: () => 0, signal, discard });
}

/**
 * What any other API server would come to as well. One that was reached and then stayed silent waits for the kubelet;
 * had another one fared better, it would have said so by now.
 */
function isFinal(upgraded: Upgraded): boolean {
  if (upgraded.kind === 'open') return true;
  if (upgraded.kind === 'failed') return upgraded.secured && upgraded.failure.why === 'timeout';
  return upgraded.status === 404 || upgraded.status === 400 || (upgraded.status >= 500 && kubeletSilent.test(upgraded.body));
}

function refused(upgraded: Exclude<Upgraded, { kind: 'open' }>, { pod, what, howToGet }: Purpose): GapError {
  if (upgraded.kind === 'failed') return kubeletGap(pod, `${what} could not be opened: ${upgraded.failure.detail}`, howToGet, 'timeout');
  const { status, body } = upgraded;
  const message = messageIn(body) || `HTTP ${status}`;
  if (status >= 500) return kubeletGap(pod, `${what} could not be opened: ${message}`, howToGet, 'failed');
  return new GapError({ gap: status === 404 ? 'absent' : 'failed', detail: `${what} could not be opened: ${message}.`, howToGet });
}

function kubeletGap(pod: string, detail: string, howToGet: string, gap: Gap['gap']): GapError {
  const node = nodeOf(pod);
  return new GapError({ gap, detail: `${detail}.`, howToGet, ...(node !== undefined && { through: `node/${node}` }) });
}

/** The mirror pod of a static pod is called after its node. */
export function nodeOf(pod: string): string | undefined {
  return /^(?:etcd|kube-apiserver|kube-controller-manager|kube-scheduler)-(.+)$/.exec(pod)?.[1];
}

function asTried({ way, upgraded }: Opening): Tried {
  const bare: RawTry = { address: way.subject, sentAt: 0, receivedAt: 0, connected: true, chain: [] };
  if (upgraded.kind === 'failed') return { way, tried: { ...bare, connected: upgraded.connected, failure: upgraded.failure } };
  if (upgraded.kind === 'answered')
    return { way, tried: { ...bare, answer: { status: upgraded.status, headers: {}, body: upgraded.body } } };
  return { way, tried: bare };
}
