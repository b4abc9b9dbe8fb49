// What state is one API server in, as seen from its own port?
import { shellWord } from '../shell-word.ts';
import { say } from '../../model/sentence.ts';
import type { CertificateSeen, Failure, FailureClass, Trust, Try } from '../../model/network.ts';
import type { Certainty, Seen } from '../../model/rule.ts';
import { type Subject, subjectKey } from '../../model/subject.ts';
import type { Master } from '../../model/topology.ts';
import { DoesNotApply, MissingEvidence } from '../view.ts';
import { isKubeadm } from './component-home.ts';
import { oddKubeconfig } from './odd-kubeconfig.ts';

/** `answers` and `trusted` are two facts: every answering kind carries what a verifying client would think. */
export type ApiServerReading = AnsweringApiServer | SilentApiServer;

export interface AnsweringApiServer {
  /** `anonymous-refused`: it tells strangers nothing; `forbidden`: it answers 403 to everybody, as one that cannot read its etcd. */
  readonly kind: 'ready' | 'not-ready' | 'forbidden' | 'anonymous-refused';
  /** What it answered without a login. */
  readonly status: number;
  /** It said to somebody with a login that it is ready. */
  readonly readyWithLogin?: true;
  /** Names of failing readiness checks, such as etcd; empty unless not-ready. */
  readonly failing: readonly string[];
  readonly trust: Trust;
  readonly leaf?: CertificateSeen;
  readonly tries: number;
  /** Tries that were accepted and got no answer within their deadline. */
  readonly late: number;
  /** Milliseconds until the quickest answer. */
  readonly quickest: number;
}

export interface SilentApiServer {
  readonly kind: 'silent';
  readonly why: FailureClass;
  readonly detail: string;
  readonly tries: number;
  readonly leaf?: CertificateSeen;
}

/** Ends the judgement as unknown where nobody could look, or no login tells why strangers are refused. */
export function readApiServer(seen: Seen<'api.ready'>, master: Pick<Master, 'subject'>): ApiServerReading {
  const { tries, login } = seen.get('api.ready', master.subject);
  const reading = withoutOurAuthority(seen, readTries(tries));
  if (reading.kind === 'silent' || login === undefined || (reading.status !== 401 && reading.status !== 403)) return reading;
  const { outcome } = login;
  if (outcome.kind === 'answered') {
    if (outcome.status === 200) return { ...reading, kind: 'anonymous-refused', readyWithLogin: true };
    if (outcome.status >= 500) return { ...reading, kind: 'not-ready', status: outcome.status, failing: failingChecks(outcome.body) };
    if (outcome.status === 403) return { ...reading, kind: 'forbidden' };
  }
  if (reading.status === 401) return reading;
  throw new MissingEvidence([
    {
      gap: 'failed',
      detail: `the API server on ${master.subject.name} answers strangers 403, and no login was accepted that could tell why`,
      howToGet: '--kubeconfig <one whose credential is accepted>',
      id: 'api.ready',
      subject: subjectKey(master.subject),
    },
  ]);
}

/** Where all API servers agree on an authority that the kubeconfig lacks, its verdict on one of them says nothing about that one. */
function withoutOurAuthority(seen: Seen<'api.ready'>, reading: ApiServerReading): ApiServerReading {
  if (reading.kind === 'silent' || reading.trust.kind !== 'untrusted' || reading.trust.why !== 'unknown-authority') return reading;
  if (oddKubeconfig(seen) === undefined) return reading;
  return { ...reading, trust: { kind: 'not-judged', why: 'the kubeconfig holds another authority than all API servers' } };
}

function readTries(tries: readonly Try[]): ApiServerReading {
  const leaf = tries.find((one) => one.chain.length > 0)?.chain[0];
  const withLeaf = leaf === undefined ? {} : { leaf };
  const answered = tries.filter((one) => one.outcome.kind === 'answered');
  const best = answered.find((one) => statusOf(one) === 200) ?? answered[answered.length - 1];
  if (best !== undefined) {
    const status = statusOf(best);
    const failing = status === 200 ? [] : failingChecks(best.outcome.kind === 'answered' ? best.outcome.body : '');
    const quickest = Math.min(...answered.map((one) => one.receivedAt - one.sentAt));
    return {
      kind: kindOf(status),
      status,
      failing,
      trust: best.trust,
      tries: tries.length,
      late: tries.filter(isLate).length,
      quickest,
      ...withLeaf,
    };
  }
  // A hung process may fill its queue of connections, so that later tries look like silence: the one that got in says more.
  const last = tries.findLast((one) => one.connected) ?? tries[tries.length - 1];
  if (last === undefined || last.outcome.kind === 'answered') {
    return { kind: 'silent', why: 'timeout', detail: 'no try was finished in time', tries: 0 };
  }
  return { kind: 'silent', why: whyFailed(last, last.outcome), detail: last.outcome.detail, tries: tries.length, ...withLeaf };
}

/** Who takes a connection and lets its request wait is no less hung than who lets the handshake wait; nothing on the way does that. */
export function whyFailed({ connected }: Try, { why }: Failure): FailureClass {
  return connected && why === 'timeout' ? 'hung' : why;
}

function isLate({ connected, outcome }: Try): boolean {
  return connected && outcome.kind === 'failed' && (outcome.why === 'hung' || outcome.why === 'timeout');
}

function statusOf(one: Try): number {
  return one.outcome.kind === 'answered' ? one.outcome.status : 0;
}

function kindOf(status: number): AnsweringApiServer['kind'] {
  if (status === 200) return 'ready';
  if (status === 401) return 'anonymous-refused';
  return status === 403 ? 'forbidden' : 'not-ready';
}

/** Names after `[-]` in the body of a failed /readyz, in order, without repeats. */
export function failingChecks(body: string): readonly string[] {
  return [...new Set([...body.matchAll(/^\[-\](\S+)/gm)].map((match) => match[1] ?? ''))];
}

/** Whether a client that logs in and verifies gets served: ready and not known to be untrusted. */
export function servesClients(reading: ApiServerReading): boolean {
  if (reading.kind === 'silent' || reading.trust.kind === 'untrusted') return false;
  return reading.kind === 'ready' || reading.readyWithLogin === true;
}

const etcdCheck = /^etcd(-|$)/;

/** Whether an API server on another node serves. */
export function anotherServes(seen: Seen, node: string): Certainty {
  const others = seen.topology.masters.filter((one) => one.subject.name !== node);
  const split = seen.tally(others, (one) => servesClients(readApiServer(seen, one)));
  if (split.yes.length > 0) return 'yes';
  return split.unknown.length > 0 ? 'unknown' : 'no';
}

/** Whether fewer than these serve besides this one, where there are as many. */
export function fewerLeft(seen: Seen<'api.ready'>, master: Master, live: number): boolean {
  const others = mastersOf(seen).filter((one) => one !== master);
  const split = seen.tally(others, (one) => servesClients(readApiServer(seen, one)));
  return others.length >= live && split.yes.length + split.unknown.length < live;
}

/** Whether the failing checks are etcd's own. */
export function blamesEtcd(reading: ApiServerReading): boolean {
  return reading.kind === 'not-ready' && reading.failing.some((name) => etcdCheck.test(name));
}

/**
 * Ends the judgement: this API server says nothing from which its readiness checks could be told.
 * @throws MissingEvidence always; it names the server, so that the finding about its silence can claim it.
 */
export function endUnheard(seen: Seen, master: Master, reading: ApiServerReading): never {
  const { id, name } = master.subject;
  const words =
    reading.kind === 'silent'
      ? say('does not answer ({why})', { why: reading.why })
      : say('answers {status} without naming its checks', { status: reading.status });
  const howToGet =
    reading.kind === 'anonymous-refused'
      ? `kubectl ${shellWord(`--server=https://${id}`)} get --raw '/readyz?verbose'`
      : isKubeadm(seen)
        ? `on ${name}: crictl logs --tail 50 $(crictl ps -aq --name '^kube-apiserver$' | head -1)`
        : `read on ${name} what kube-apiserver logged last`;
  const silent = reading.kind === 'silent' || reading.kind === 'forbidden' ? { through: `apiserver/${id}` } : {};
  throw new MissingEvidence([
    { gap: 'failed', detail: `the API server on ${name} ${words}`, howToGet, id: 'api.ready', subject: `apiserver/${id}`, ...silent },
  ]);
}

/** Names of etcd's own checks and of all others, as the failing ones were listed. */
export function splitFailing(failing: readonly string[]): { readonly etcd: readonly string[]; readonly others: readonly string[] } {
  return { etcd: failing.filter((name) => etcdCheck.test(name)), others: failing.filter((name) => !etcdCheck.test(name)) };
}

/** The check that fails on every API server where each answers, and its etcd does not fail it; undefined where nobody can say so. */
export function checkThatAllFail(seen: Seen<'api.ready'>): string | undefined {
  const failing: (readonly string[])[] = [];
  const alone = seen.tally(mastersOf(seen), (master) => {
    const reading = readApiServer(seen, master);
    if (reading.kind !== 'not-ready' || blamesEtcd(reading)) return false;
    failing.push(reading.failing);
    return true;
  });
  const [first = [], ...others] = failing;
  return alone.no.length + alone.unknown.length > 0 ? undefined : first.find((name) => others.every((names) => names.includes(name)));
}

/** The master a verdict is about. @throws MissingEvidence when it is not known (any more). */
export function masterOf(seen: Seen, subject: Subject): Master {
  const master = mastersOf(seen).find((one) => one.subject.id === subject.keys.apiserver);
  if (master !== undefined) return master;
  const gap = {
    gap: 'not-collected',
    detail: `no address of the API server on ${subject.name} is known`,
    howToGet: '--masters <host:port,…>',
  } as const;
  throw new MissingEvidence([{ ...gap, id: 'api.ready', subject: subjectKey(subject) }]);
}

/** All known masters. @throws MissingEvidence when not one address is known; DoesNotApply where a provider hides them behind the entry. */
export function mastersOf(seen: Seen): readonly Master[] {
  const { masters, platform } = seen.topology;
  if (masters.length > 0) return masters;
  if (platform.kind === 'managed')
    throw new DoesNotApply(`the provider runs the API servers, and shows them at one address only (${platform.detail})`);
  const why = seen.peek('kube.nodes');
  const detail = 'no API server is known by its own address';
  const through = why?.state === 'missing' && why.through !== undefined ? { through: why.through } : {};
  throw new MissingEvidence([
    { gap: 'not-collected', detail, howToGet: '--masters <host:port,…>', id: 'api.ready', subject: 'cluster/cluster', ...through },
  ]);
}
