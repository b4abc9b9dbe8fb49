// What does HAProxy or Envoy think of each API server behind it, and how deep does its check look?
import { joinAddress } from '../../model/address.ts';
import type { Known } from '../../model/evidence.ts';
import type { HaproxyRow } from '../../model/balancer.ts';
import type { Certainty, Seen } from '../../model/rule.ts';
import type { Subject } from '../../model/subject.ts';
import { leadsTo, type Master } from '../../model/topology.ts';
import type { Since } from '../../model/verdict.ts';
import { MissingEvidence } from '../view.ts';
import { type EnvoyJudged, envoyHostsOf, envoyWords } from './envoy-host.ts';

export type BackendEvidence = 'lb.stats' | 'lb.envoy';

/**
 * `going-down` (`UP 1/3`) still gets clients, `coming-up` (`DOWN 1/2`) does not yet. `maintenance`: taken out by hand
 * (MAINT, DRAIN, NOLB). `unchecked`: gets clients whatever it does.
 */
export type BackendState = 'up' | 'going-down' | 'coming-up' | 'down' | 'maintenance' | 'unchecked' | 'unclear';

export interface Backend {
  readonly subject: Subject;
  readonly software: 'HAProxy' | 'Envoy';
  /** HAProxy's row, or what Envoy says in the place of one. */
  readonly row: Pick<
    HaproxyRow,
    'proxy' | 'server' | 'status' | 'address' | 'checkCode' | 'lastChange' | 'timesDown' | 'sessionsTotal' | 'queued'
  >;
  readonly state: BackendState;
  /** Gets clients although it is called dead. Only Envoy does that. */
  readonly forced: Certainty;
  /** The last check's code without the star that marks a running one; empty when nothing is checked. */
  readonly check: string;
  readonly envoy?: EnvoyJudged;
  readonly master?: Master;
}

/** Why a checked server is down. Which of these HAProxy names changes within a minute of one unchanged fault. */
export const checkedReasons = ['refused', 'timeout', 'tls', 'http', 'slow', 'other'] as const;

/** Whether HAProxy or Envoy said anything. */
export function balancerTells(seen: Seen<BackendEvidence>): boolean {
  return seen.peek('lb.stats')?.state === 'known' || seen.peek('lb.envoy')?.state === 'known';
}

/** No word of a balancer's, no rules about it: where the kubeconfig names an API server itself there may be none at all. */
export function noBalancer(seen: Seen<BackendEvidence>): boolean {
  return seen.topology.entryIsMaster && !balancerTells(seen);
}

/** The servers of every proxy that leads to an API server. @throws MissingEvidence where nobody shows any. */
export function backendsOf(seen: Seen<BackendEvidence>): readonly Backend[] {
  const lb = seen.topology.entry?.subject.id ?? 'lb';
  if (isEnvoy(seen)) return envoyBackends(seen, lb);
  const { rows } = seen.get('lb.stats');
  const proxies = apiProxies(seen, rows);
  return rows.filter((row) => row.type === 'server' && proxies.has(row.proxy)).map((row) => describe(seen, row, lb));
}

/** Whether it is Envoy: somebody named its admin interface, and no HAProxy tells of its servers. It may have ended since. */
export function isEnvoy(seen: Seen<BackendEvidence>): boolean {
  if (seen.peek('lb.stats')?.state === 'known') return false;
  const envoy = seen.peek('lb.envoy');
  return envoy !== undefined && (envoy.state === 'known' || envoy.gap !== 'not-collected');
}

function envoyBackends(seen: Seen<BackendEvidence>, lb: string): readonly Backend[] {
  const judged = envoyHostsOf(seen);
  if (judged.length === 0) noneListed('lb.envoy', 'Envoy lists no host that is one of the API servers', '--masters <host:port,…>', lb);
  return judged.map((one) => {
    const { cluster: proxy, address, connections } = one.host;
    const master = masterOf(seen.topology.masters, { address, server: address });
    const server = master?.subject.name ?? address;
    const unchecked = one.state === 'up' && one.cluster?.checks?.length === 0;
    const status = unchecked ? 'no check' : envoyWords(one.host);
    return {
      subject: subjectFor(lb, `${proxy}/${address}`, server, master),
      software: 'Envoy',
      row: { proxy, server, address, status, ...(connections !== undefined && { sessionsTotal: connections }) },
      state: unchecked ? 'unchecked' : one.state,
      forced: one.forced,
      check: '',
      envoy: one,
      ...(master !== undefined && { master }),
    };
  });
}

/** The summary rows of those proxies, one each; Envoy has none. */
export function summariesOf(seen: Seen<BackendEvidence>): readonly HaproxyRow[] {
  if (isEnvoy(seen)) return [];
  const { rows } = seen.get('lb.stats');
  const proxies = apiProxies(seen, rows);
  return rows.filter((row) => row.type === 'backend' && proxies.has(row.proxy));
}

/** Sessions of each frontend against its limit, fullest first, and who waits for a single server. */
export function fullnessOf(seen: Seen<'lb.stats'>) {
  const frontends = seen.get('lb.stats').rows.flatMap(({ type, proxy, sessions, sessionLimit: limit, mode }) => {
    if (type !== 'frontend' || mode === 'http' || sessions === undefined || limit === undefined || limit === 0) return [];
    return [{ proxy, sessions, limit, percent: (100 * sessions) / limit }];
  });
  const queued = backendsOf(seen).reduce((sum, { row }) => sum + (row.queued ?? 0), 0);
  return { frontends: frontends.sort((one, other) => other.percent - one.percent), queued };
}

/** A shared HAProxy serves more than the API: only proxies with an API server in them count. */
function apiProxies(seen: Seen<'lb.stats'>, rows: readonly HaproxyRow[]): ReadonlySet<string> {
  const { masters } = seen.topology;
  const servers = rows.filter((row) => row.type === 'server');
  const ways: readonly ((row: HaproxyRow) => boolean)[] = [
    (row) => masters.some((master) => master.doors.some(({ host, port }) => joinAddress(host, port) === row.address)),
    (row) => masters.some((master) => master.subject.name === row.server),
    (row) => row.address.endsWith(':6443'),
  ];
  for (const way of ways) {
    const found = new Set(servers.filter(way).map((row) => row.proxy));
    if (found.size > 0) return found;
  }
  const detail = 'the statistics name no server that is one of the API servers';
  return noneListed(
    'lb.stats',
    detail,
    '--haproxy-stats <url or socket of the balancer in front of the API>',
    seen.topology.entry?.subject.id ?? 'lb',
  );
}

function noneListed(id: BackendEvidence, detail: string, howToGet: string, lb: string): never {
  throw new MissingEvidence([{ gap: 'absent', detail, howToGet, id, subject: `lb/${lb}` }]);
}

function describe(seen: Seen<'lb.stats'>, row: HaproxyRow, lb: string): Backend {
  const master = masterOf(seen.topology.masters, row);
  const subject = subjectFor(lb, `${row.proxy}/${row.server}`, row.server, master);
  const check = row.checkStatus.replace(/^\*\s*/, '');
  const withMaster = master !== undefined && { master };
  return { subject, software: 'HAProxy', row, state: stateOf(row.status), forced: 'no', check, ...withMaster };
}

function subjectFor(lb: string, place: string, name: string, master: Master | undefined): Subject {
  const id = `${lb}/${place}`;
  if (master === undefined) return { kind: 'lb', id, name, keys: { lb } };
  return { kind: 'apiserver', id, name: master.subject.name, keys: { ...master.subject.keys, lb } };
}

/** The address decides, for a server may be called anything; the name only where no address was shown. */
function masterOf(masters: readonly Master[], row: Pick<HaproxyRow, 'address' | 'server'>): Master | undefined {
  const byAddress = masters.find((master) => master.doors.some(({ host, port }) => joinAddress(host, port) === row.address));
  const byHost = masters.find((master) => leadsTo(master, row.address.replace(/:\d+$/, '').replace(/^\[|\]$/g, '')));
  return byAddress ?? byHost ?? (row.address === '' ? masters.find((master) => master.subject.name === row.server) : undefined);
}

/** Host and port; HAProxy shows them to its administrators alone, so that often only the API server tells them. */
export function addressOf({ row, master }: Backend): string {
  return row.address === '' && master !== undefined ? joinAddress(master.host, master.port) : row.address;
}

function stateOf(status: string): BackendState {
  const text = status.trim().toUpperCase();
  if (text.startsWith('NO CHECK')) return 'unchecked';
  if (/^(MAINT|DRAIN|NOLB)/.test(text)) return 'maintenance';
  if (/^UP \d+\/\d+/.test(text)) return 'going-down';
  if (/^UP\b/.test(text)) return 'up';
  if (/^DOWN \d+\/\d+/.test(text)) return 'coming-up';
  return /^DOWN\b/.test(text) ? 'down' : 'unclear';
}

/** Whether clients are sent there now. */
export function getsClients(backend: Backend): boolean {
  return backend.forced === 'yes' || isUsable(backend);
}

/** Whether it is called good for clients, or is not asked at all. */
export function isUsable(backend: Backend): boolean {
  return backend.state === 'up' || backend.state === 'going-down' || backend.state === 'unchecked';
}

/** What the balancer thinks of this API server; undefined also where nobody can say. */
export function backendFor(seen: Seen<BackendEvidence>, { subject }: Pick<Master, 'subject'>): Backend | undefined {
  return seen.attempt(() => backendsOf(seen).find((one) => one.master?.subject.id === subject.id));
}

/** What keeps a check from getting an answer keeps clients from it too, until it is taken out. */
export const unreachedReasons = ['refused', 'timeout', 'tls', 'slow'] as const satisfies readonly (typeof checkedReasons)[number][];

/** `DOWN L4CON`, `UP 1/3 L7OK/200`: as HAProxy's own page shows it. */
export function wordsOf(backend: Backend): string {
  const { row, check } = backend;
  const code = row.checkCode === undefined || row.checkCode === 0 || !check.startsWith('L7') ? '' : `/${row.checkCode}`;
  return check === '' ? row.status : `${row.status} ${check}${code}`;
}

/** When the row last changed its state, by our clock; HAProxy counts whole seconds. */
export function changedAt(known: Pick<Known, 'takenAt'>, row: Pick<HaproxyRow, 'lastChange'>): Since | undefined {
  if (row.lastChange === undefined) return undefined;
  const latest = known.takenAt - row.lastChange * 1000;
  return { earliest: latest - 1000, latest };
}
