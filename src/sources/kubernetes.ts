// What does the Kubernetes API answer, over whichever way to it works?
import { joinAddress } from '../model/address.ts';
import { anyOf, timeLimit } from './stop-signal.ts';
import { attempt, type Message, provenBodyLimit } from './attempt.ts';
import { Stopped } from './limit.ts';
import type { Operator, Ready } from './operator.ts';
import { type Lap, race } from './race.ts';
import { deadlines, GapError, type RawTry } from './source.ts';
import type { Way, Ways } from './ways.ts';

/**
 * Milliseconds a way is given before the next one starts. Once one has come to nothing the cluster is sick, and sparing
 * its other servers a request matters less than an answer soon.
 */
export const headStart = (losers: readonly unknown[]): number => (losers.length > 0 ? 100 : 400);
/** Milliseconds a request that reached nobody waits for other ways to become known. */
const patience = 500;
/** The same where etcd can be asked: its member list names the masters, and on a busy machine it takes its time. */
const patienceWithEtcd = 3000;

export interface Api {
  readonly operator: Operator;
  readonly ways: Ways;
  readonly basePath: string;
  /** Host and port as the kubeconfig writes them; what servers and proxies expect as Host. */
  readonly hostHeader: string;
  readonly requestTimeoutMs?: number;
  /** Whether etcd may name further masters. */
  readonly etcdMayNameMore: boolean;
}

export interface Tried {
  readonly way: Way;
  readonly tried: RawTry;
}

/**
 * One request over all ways, each started when the ones before were silent for `headStart` or came to nothing.
 * @throws GapError with a sentence that names what happened on every way.
 */
export async function askKubernetes(api: Api, path: string, signal: AbortSignal, post?: string): Promise<RawTry> {
  const bound = api.requestTimeoutMs ? anyOf(signal, timeLimit(api.requestTimeoutMs)) : signal;
  const began = performance.now();
  const howToGet = `kubectl get --raw '${path}'`;
  try {
    const ready = await api.operator.ready(bound);
    const finish = await race<Way, Tried>({
      ways: () => api.ways.ordered(),
      run: (way, stop) => lap(api, ready, way, path, stop, post),
      headStart,
      patience: (losers) => (losers.some(({ tried }) => tried.answer) ? 0 : api.etcdMayNameMore ? patienceWithEtcd : patience),
      signal: bound,
      answersOf: (way) => api.ways.answersOf(way),
    });
    if ('winner' in finish) return finish.winner.tried;
    throw explainFailure(finish.losers, path, howToGet, api.ways.entry);
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    throw new GapError({
      gap: 'timeout',
      detail: `The Kubernetes API gave no answer to ${path} within ${seconds} s.`,
      howToGet,
      through: api.ways.entry.subject,
    });
  }
}

async function lap(api: Api, ready: Ready, way: Way, path: string, signal: AbortSignal, post?: string): Promise<Lap<Tried>> {
  const message: Message = {
    method: post === undefined ? 'GET' : 'POST',
    path: pathFor(api, way, path),
    headers: {
      ...ready.headers,
      Host: api.hostHeader,
      Accept: 'application/json',
      ...(post !== undefined && { 'Content-Type': 'application/json' }),
    },
    ...(post !== undefined && { body: post }),
  };
  const tried = await attempt(api.operator.target(way.host, way.port, ready), message, deadlines.usual, signal, provenBodyLimit);
  const usable = isUsable(tried);
  // An answer that settles nothing speaks neither for the way nor against it.
  if (usable || !tried.answer) api.ways.note(way, usable ? 'answered' : isSilent(tried) ? 'silence' : 'nothing');
  return { usable, result: { way, tried } };
}

/** What refuses or shows a bad certificate at once may be one server of several behind one address. */
function isSilent({ failure }: RawTry): boolean {
  return failure !== undefined && ['timeout', 'hung', 'unreachable'].includes(failure.why);
}

/** A path in the server's address belongs to whatever serves that address, not to the API servers behind it. */
export function pathFor(api: Api, way: Way, path: string): string {
  return way.subject === api.ways.entry.subject ? `${api.basePath}${path}` : path;
}

/**
 * Whether the answer settles the question. A server that has lost etcd refuses everybody with 403 or 401, and one whose
 * cache has gone answers 429, so these let the others have their say.
 */
export function isUsable({ answer }: RawTry): boolean {
  return answer !== undefined && answer.status < 500 && answer.status !== 401 && answer.status !== 403 && answer.status !== 429;
}

/** Says what came of all ways. A refusal is the reason only where most of those asked agree on it. */
export function explainFailure(losers: readonly Tried[], what: string, howToGet: string, entry: Way): GapError {
  const answers = losers.filter(({ tried }) => tried.answer !== undefined);
  const refusals = answers.filter(({ tried }) => tried.answer?.status === 401 || tried.answer?.status === 403);
  const [refused] = refusals;
  if (refused && refusals.length === answers.length && refusals.length * 2 >= losers.length) {
    return new GapError({
      gap: 'denied',
      detail: refusalSentence(refused.tried, what),
      howToGet: refused.tried.answer?.status === 401 ? 'kubectl auth whoami' : howToGet,
    });
  }
  const silent = losers.every(({ tried }) => tried.failure?.why === 'timeout' || tried.failure?.why === 'hung');
  const sentences = [...new Set(losers.map(({ way, tried }) => sentenceOf(way, tried)))];
  const detail = `The Kubernetes API cannot be asked for ${what}: ${sentences.slice(0, 5).join('; ') || 'no way to it is known'}.`;
  return new GapError({ gap: silent && losers.length > 0 ? 'timeout' : 'failed', detail, howToGet, through: entry.subject });
}

function sentenceOf(way: Way, { answer, failure }: RawTry): string {
  if (failure) return failure.detail.replace(/\.$/, '');
  return `${joinAddress(way.host, way.port)} answered HTTP ${answer?.status}${answer ? quoted(messageIn(answer.body)) : ''}`;
}

function quoted(message: string): string {
  return message === '' ? '' : ` (${message})`;
}

function refusalSentence({ answer }: RawTry, what: string): string {
  const message = messageIn(answer?.body ?? '');
  if (answer?.status === 401) return `The API servers do not accept the credential (HTTP 401${message ? `, ${message}` : ''}).`;
  return `Not permitted: ${message || `${what} (HTTP 403)`}.`;
}

/** The message of a Kubernetes Status, or the first line of something short. */
export function messageIn(body: string): string {
  let message = body.length < 300 && !body.trimStart().startsWith('<') ? (body.trim().split('\n')[0] ?? '') : '';
  try {
    const status: unknown = JSON.parse(body);
    if (typeof status === 'object' && status !== null && 'message' in status && typeof status.message === 'string')
      message = status.message;
  } catch {
    // Proxies and load balancers answer in words of their own.
  }
  return message.replace(/\s+/g, ' ').slice(0, 300);
}
