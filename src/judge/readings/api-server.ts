// What state is one API server in, as seen from its own port?
import type { CertificateSeen, FailureClass, Trust, Try } from '../../model/network.ts';
import type { Seen } from '../../model/rule.ts';
import type { Master } from '../../model/topology.ts';
import { MissingEvidence } from '../view.ts';

/** `answers` and `trusted` are two facts: every answering kind carries what a verifying client would think. */
export type ApiServerReading = AnsweringApiServer | SilentApiServer;

export interface AnsweringApiServer {
  readonly kind: 'ready' | 'not-ready' | 'forbidden' | 'anonymous-refused';
  readonly status: number;
  /** Names of failing readiness checks, such as etcd; empty unless not-ready. */
  readonly failing: readonly string[];
  readonly trust: Trust;
  readonly leaf?: CertificateSeen;
  readonly tries: number;
}

export interface SilentApiServer {
  readonly kind: 'silent';
  readonly why: FailureClass;
  readonly detail: string;
  readonly tries: number;
  readonly leaf?: CertificateSeen;
}

/** Ends the judgement as unknown where nobody could look. */
export function readApiServer(seen: Seen<'api.ready'>, master: Master): ApiServerReading {
  return readTries(seen.get('api.ready', master.subject).tries);
}

/** The same for a list of tries that all went to one server. */
export function readTries(tries: readonly Try[]): ApiServerReading {
  const leaf = tries.find((one) => one.chain.length > 0)?.chain[0];
  const withLeaf = leaf === undefined ? {} : { leaf };
  const answered = tries.filter((one) => one.outcome.kind === 'answered');
  const best = answered.find((one) => statusOf(one) === 200) ?? answered[answered.length - 1];
  if (best !== undefined) {
    const status = statusOf(best);
    const failing = status === 200 ? [] : failingChecks(best.outcome.kind === 'answered' ? best.outcome.body : '');
    return { kind: kindOf(status), status, failing, trust: best.trust, tries: tries.length, ...withLeaf };
  }
  const last = tries[tries.length - 1];
  if (last === undefined || last.outcome.kind === 'answered') {
    return { kind: 'silent', why: 'timeout', detail: 'no try was finished in time', tries: 0 };
  }
  return { kind: 'silent', why: last.outcome.why, detail: last.outcome.detail, tries: tries.length, ...withLeaf };
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

/** Whether a client that verifies gets served: ready and not known to be untrusted. */
export function servesClients(reading: ApiServerReading): boolean {
  return reading.kind === 'ready' && reading.trust.kind !== 'untrusted';
}

/** Whether the failing checks are etcd's own. */
export function blamesEtcd(reading: ApiServerReading): boolean {
  return reading.kind === 'not-ready' && reading.failing.some((name) => /^etcd(-|$)/.test(name));
}

/** All known masters. @throws MissingEvidence when not one address is known. */
export function mastersOf(seen: Seen): readonly Master[] {
  if (seen.topology.masters.length > 0) return seen.topology.masters;
  const why = seen.peek('kube.nodes');
  const detail = 'no API server is known by its own address';
  const through = why?.state === 'missing' && why.through !== undefined ? { through: why.through } : {};
  throw new MissingEvidence([
    { gap: 'not-collected', detail, howToGet: '--masters <host:port,…>', id: 'api.ready', subject: 'cluster/cluster', ...through },
  ]);
}
