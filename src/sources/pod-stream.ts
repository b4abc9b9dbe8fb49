// Over which API server is a stream into a pod opened, and what stands in the way if over none?
import type { Gap } from '../model/evidence.ts';
import { type Api, explainFailure, headStart, messageIn, pathFor, type Tried } from './kubernetes.ts';
import { type Lap, race } from './race.ts';
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

/** @throws GapError; Stopped when the signal fires first. The caller closes the channel. */
export async function openPodStream(api: Api, path: string, protocol: string, purpose: Purpose, signal: AbortSignal): Promise<Channel> {
  const ready = await api.operator.ready(signal);
  const run = async (way: Way, stop: AbortSignal): Promise<Lap<Opening>> => {
    const headers = { ...ready.headers, Host: api.hostHeader };
    const upgraded = await openChannel(
      api.operator.target(way.host, way.port, ready),
      pathFor(api, way, path),
      headers,
      protocol,
      deadlines.usual,
      stop,
    );
    return { usable: upgraded.kind === 'open' || isFinal(upgraded), result: { way, upgraded } };
  };
  const discard = ({ upgraded }: Opening): void => {
    if (upgraded.kind === 'open') upgraded.channel.close();
  };
  const finish = await race<Way, Opening>({ ways: () => api.ways.ordered(), run, headStart, patience: () => 0, signal, discard });
  if ('losers' in finish) throw allFailed(finish.losers, purpose, api.ways.entry);
  const { upgraded } = finish.winner;
  if (upgraded.kind === 'open') return upgraded.channel;
  throw refused(upgraded, purpose);
}

/** Answers that any other API server would give as well. */
function isFinal(upgraded: Upgraded): boolean {
  if (upgraded.kind !== 'answered') return false;
  return upgraded.status === 404 || upgraded.status === 400 || (upgraded.status >= 500 && kubeletSilent.test(upgraded.body));
}

function refused(upgraded: Upgraded, { pod, what, howToGet }: Purpose): GapError {
  const { status, body } = upgraded.kind === 'answered' ? upgraded : { status: 0, body: '' };
  const message = messageIn(body);
  if (status >= 500) return kubeletGap(pod, `${what} could not be opened: ${message}`, howToGet, 'failed');
  return new GapError({
    gap: status === 404 ? 'absent' : 'failed',
    detail: `${what} could not be opened: ${message || `HTTP ${status}`}.`,
    howToGet,
  });
}

function kubeletGap(pod: string, detail: string, howToGet: string, gap: Gap['gap']): GapError {
  const node = nodeOf(pod);
  return new GapError({ gap, detail: `${detail}.`, howToGet, ...(node !== undefined && { through: `node/${node}` }) });
}

/** The mirror pod of a static pod is called after its node. */
export function nodeOf(pod: string): string | undefined {
  return /^(?:etcd|kube-apiserver|kube-controller-manager|kube-scheduler)-(.+)$/.exec(pod)?.[1];
}

function allFailed(losers: readonly Opening[], { pod, what, howToGet }: Purpose, entry: Way): GapError {
  // TLS with the API server is there, so the wait is for the kubelet behind it.
  const waiting = losers.filter(({ upgraded }) => upgraded.kind === 'failed' && upgraded.secured && upgraded.failure.why === 'timeout');
  const [first] = waiting;
  if (first?.upgraded.kind === 'failed')
    return kubeletGap(pod, `${what} could not be opened: ${first.upgraded.failure.detail}`, howToGet, 'timeout');
  return explainFailure(losers.map(asTried), what, howToGet, entry);
}

function asTried({ way, upgraded }: Opening): Tried {
  const bare: RawTry = { address: way.subject, sentAt: 0, receivedAt: 0, connected: true, chain: [] };
  if (upgraded.kind === 'failed') return { way, tried: { ...bare, connected: upgraded.connected, failure: upgraded.failure } };
  if (upgraded.kind === 'answered')
    return { way, tried: { ...bare, answer: { status: upgraded.status, headers: {}, body: upgraded.body } } };
  return { way, tried: bare };
}
