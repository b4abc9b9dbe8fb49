// What do clients meet at the address in the kubeconfig, and which API server behind it is to blame?
import type { CertificateSeen, FailureClass, Try } from '../../model/network.ts';
import type { Certainty, Seen } from '../../model/rule.ts';
import { type LoadBalancer, leadsTo, type Master } from '../../model/topology.ts';
import type { Support } from '../../model/verdict.ts';
import { MissingEvidence } from '../view.ts';
import { readApiServer, servesClients, whyFailed } from './api-server.ts';
import { type BackendEvidence, balancerTells } from './backend.ts';
import { balancerCannotReach } from './balancer-check.ts';

export type EntryEvidence = 'operator.kubeconfig' | 'lb.tries' | 'lb.credential' | 'api.ready';

/** What one try met: a failure's class, or what the answer is worth to a client that verifies. */
export type Met = FailureClass | 'untrusted' | 'not-ready' | 'served' | 'unclear';

export interface EntryTry {
  readonly one: Try;
  readonly met: Met;
  /** The API server whose certificate was seen, where that can be told. */
  readonly master?: Master;
}

/** `unclear`: only answers that say nothing about service, such as 403 while no API server could be asked directly. */
export interface EntryReading {
  readonly kind: 'serves' | 'partial' | 'down' | 'unclear';
  /** What most of the failing tries met; absent when none failed. */
  readonly met?: Met;
  readonly tries: readonly EntryTry[];
  readonly failing: readonly EntryTry[];
}

/** @throws MissingEvidence when no kubeconfig names an address. */
export function entryOf(seen: Seen<'operator.kubeconfig'>): LoadBalancer {
  const { entry } = seen.topology;
  if (entry !== undefined) return entry;
  seen.get('operator.kubeconfig');
  const gap = { gap: 'absent', detail: 'no kubeconfig names an address of the API', howToGet: '--kubeconfig <file>' } as const;
  throw new MissingEvidence([{ ...gap, id: 'operator.kubeconfig', subject: 'cluster/cluster' }]);
}

/**
 * Ends the judgement as unknown where the entry could not be tried. One failed try counts only where something else
 * speaks for a fault; a lone lost packet does not.
 */
export function readEntry(seen: Seen<EntryEvidence>, leastLost: number): EntryReading {
  const tries = seen.get('lb.tries').tries.map((one) => describeTry(seen, one));
  const served = tries.filter((one) => one.met === 'served');
  if (served.length === 0) {
    const failing = tries.filter((one) => one.met !== 'unclear');
    const kind = failing.length === 0 ? 'unclear' : 'down';
    return { kind, tries, failing, ...metBy(failing) };
  }
  const failing = tries.filter((one) => isLost(one.met) || (one.met === 'not-ready' && failsDirectly(seen, one.master)));
  const lame = seen.tally(seen.topology.masters, (master) => servesClients(readApiServer(seen, master))).no;
  const believed =
    failing.length >= leastLost || (failing.length > 0 && (lame.length > 0 || failing.some((one) => one.met === 'untrusted')));
  return believed ? { kind: 'partial', tries, failing, ...metBy(failing) } : { kind: 'serves', tries, failing: [] };
}

function isLost(met: Met): boolean {
  return met !== 'served' && met !== 'unclear' && met !== 'not-ready';
}

function describeTry(seen: Seen<EntryEvidence>, one: Try): EntryTry {
  const master = one.chain[0] === undefined ? undefined : ownerOfLeaf(seen, one.chain[0]);
  const withMaster = master === undefined ? {} : { master };
  return { one, met: metIn(seen, one, master), ...withMaster };
}

function metIn(seen: Seen<EntryEvidence>, one: Try, master: Master | undefined): Met {
  if (one.outcome.kind === 'failed') return one.outcome.why;
  if (one.trust.kind === 'untrusted') return 'untrusted';
  if (one.outcome.status >= 500) return 'not-ready';
  return one.outcome.status === 403 ? meaningOf403(seen, master) : 'served';
}

/** An API server that cannot read its etcd answers 403 to everybody; one that merely forbids /readyz still serves. */
function meaningOf403(seen: Seen<EntryEvidence>, master: Master | undefined): Met {
  const asked = master === undefined ? seen.topology.masters : [master];
  const serving = seen.tally(asked, (each) => servesClients(readApiServer(seen, each)));
  if (serving.yes.length > 0) return 'served';
  if (serving.no.length > 0 && serving.unknown.length === 0) return 'not-ready';
  const credential = seen.peek('lb.credential');
  const outcome = credential?.state === 'known' ? credential.value.last.outcome : undefined;
  return outcome?.kind === 'answered' && outcome.status < 300 ? 'served' : 'unclear';
}

function failsDirectly(seen: Seen<EntryEvidence>, master: Master | undefined): boolean {
  if (master === undefined) return false;
  return seen.attempt(() => servesClients(readApiServer(seen, master))) === false;
}

/** The most frequent outcome; by name where two are as frequent, so that the order of tries does not matter. */
function metBy(failing: readonly EntryTry[]): { readonly met?: Met } {
  const counts = new Map<Met, number>();
  for (const { met } of failing) counts.set(met, (counts.get(met) ?? 0) + 1);
  const [most] = [...counts].sort(([one, n], [other, m]) => m - n || (one < other ? -1 : 1));
  return most === undefined ? {} : { met: most[0] };
}

/** Whose certificate is it? By fingerprint, else by an address or name that only one master has. */
export function ownerOfLeaf(seen: Seen<'api.ready'>, leaf: CertificateSeen): Master | undefined {
  const { masters } = seen.topology;
  return (
    only(masters.filter((master) => directLeaf(seen, master)?.sha256 === leaf.sha256)) ??
    only(masters.filter((master) => master.doors.some(({ host }) => leaf.addresses.includes(host)))) ??
    only(masters.filter((master) => leaf.names.includes(master.subject.name)))
  );
}

function only(masters: readonly Master[]): Master | undefined {
  return masters.length === 1 ? masters[0] : undefined;
}

function directLeaf(seen: Seen<'api.ready'>, master: Master): CertificateSeen | undefined {
  const ready = seen.peek('api.ready', master.subject);
  return ready?.state === 'known' ? ready.value.tries.find((one) => one.chain.length > 0)?.chain[0] : undefined;
}

/** Whether this master answered 200 through the entry within this run, whatever it says to us directly. */
export function servedThroughEntry(seen: Seen<'lb.tries' | 'api.ready'>, master: Master): boolean {
  if (seen.topology.entryIsMaster) return false;
  const tries = seen.peek('lb.tries');
  if (tries?.state !== 'known') return false;
  return tries.value.tries.some((one) => {
    const ready = one.outcome.kind === 'answered' && one.outcome.status === 200 && one.trust.kind !== 'untrusted';
    return ready && one.chain[0] !== undefined && ownerOfLeaf(seen, one.chain[0])?.subject.id === master.subject.id;
  });
}

/** All silent while the entry answers: then it is us who cannot reach them. */
export function onlyOurPath(seen: Seen<'api.ready' | 'lb.tries'>, master: Master): boolean {
  const others = seen.topology.masters.filter((one) => one !== master);
  const allSilent = seen.tally(others, (one) => readApiServer(seen, one).kind !== 'silent').yes.length === 0;
  const entry = seen.peek('lb.tries');
  const entryAnswers = entry?.state === 'known' && entry.value.tries.some((one) => one.outcome.kind === 'answered');
  return allSilent && entryAnswers && !seen.topology.entryIsMaster;
}

/** Whether some connection through the entry ended this way. */
export function entryMet(seen: Seen<'lb.tries'>, why: FailureClass): boolean {
  const tries = seen.peek('lb.tries');
  return tries?.state === 'known' && tries.value.tries.some((one) => one.outcome.kind === 'failed' && whyFailed(one, one.outcome) === why);
}

/** Whether the login through the entry, a request of its own, failed as well. */
export function loginFails(seen: Seen<'lb.credential'>): boolean {
  const login = seen.peek('lb.credential');
  return login?.state === 'known' && login.value.last.outcome.kind === 'failed';
}

/**
 * The API servers behind the entry: lost where a failing try showed their certificate, they do not serve us directly, or the
 * balancer cannot get through to them and a try met silence.
 */
export function supportsBehind(seen: Seen<EntryEvidence | BackendEvidence>, reading: EntryReading): readonly Support[] {
  const { masters, entry, entryIsMaster } = seen.topology;
  const behind = entryIsMaster ? masters.filter((one) => leadsTo(one, entry?.host, entry?.port)) : masters;
  const others: readonly Support[] =
    entryIsMaster || seen.topology.mastersComplete ? [] : [{ name: 'API servers nobody listed', keys: {}, state: 'unknown' }];
  const known = behind.map((master): Support => {
    const { keys, name } = master.subject;
    if (reading.failing.some((one) => one.master === master)) return { name, keys, state: 'lost' };
    const direct = seen.attempt(() => {
      const state = readApiServer(seen, master);
      // What leaves some of our own tries without an answer does the same to those that come through the entry.
      const metSilence = reading.kind === 'partial' && reading.failing.some(isSilence);
      if (metSilence && ((state.kind !== 'silent' && state.late > 0) || balancerCannotReach(seen, master))) return 'lost';
      return servesClients(state) || state.kind === 'anonymous-refused' ? 'good' : 'lost';
    });
    return { name, keys, state: direct ?? 'unknown' };
  });
  return [...inDoubt(seen, reading, known), ...others];
}

/** Silence that no API server explains may lie between the balancer and one of them: nobody knows where nobody asked the balancer. */
function inDoubt(seen: Seen<BackendEvidence>, reading: EntryReading, supports: readonly Support[]): readonly Support[] {
  const isExplained = reading.kind !== 'partial' || !reading.failing.some(isSilence) || supports.some(({ state }) => state === 'lost');
  if (isExplained || seen.topology.entryIsMaster || balancerTells(seen)) return supports;
  return supports.map((one) => ({ ...one, state: 'unknown' }));
}

function isSilence({ met }: EntryTry): boolean {
  return met === 'hung' || met === 'timeout';
}

/**
 * Can what is wrong with the API servers look like this at the entry? A balancer with a port of its own keeps accepting
 * connections while nothing behind it lives, so a refusal there is its own; a virtual address on the API servers' own port
 * passes their refusals on.
 */
export function mastersShowThrough(seen: Seen, reason: string | undefined): Certainty {
  if (reason === 'dns') return 'no';
  if (reason !== 'refused' && reason !== 'timeout' && reason !== 'unreachable') return 'yes';
  const { entry, masters } = seen.topology;
  if (masters.some((master) => master.doors.some(({ port }) => port === entry?.port))) return 'yes';
  return balancerTells(seen) ? 'no' : 'unknown';
}
