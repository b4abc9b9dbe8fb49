// What does HAProxy think of each API server behind it, and how deep does its check look?
import { joinAddress } from '../../model/address.ts';
import type { Known } from '../../model/evidence.ts';
import type { HaproxyRow } from '../../model/balancer.ts';
import type { Seen } from '../../model/rule.ts';
import type { Subject } from '../../model/subject.ts';
import { leadsTo, type Master } from '../../model/topology.ts';
import type { Since } from '../../model/verdict.ts';
import { MissingEvidence } from '../view.ts';

/**
 * `going-down` (`UP 1/3`) still gets clients, `coming-up` (`DOWN 1/2`) does not yet. `maintenance`: taken out by hand
 * (MAINT, DRAIN, NOLB). `unchecked`: gets clients whatever it does.
 */
export type BackendState = 'up' | 'going-down' | 'coming-up' | 'down' | 'maintenance' | 'unchecked' | 'unclear';

export interface Backend {
  readonly subject: Subject;
  readonly row: HaproxyRow;
  readonly state: BackendState;
  /** The last check's code without the star that marks a running one; empty when nothing is checked. */
  readonly check: string;
  readonly master?: Master;
}

/** Why a checked server is down. Which of these HAProxy names changes within a minute of one unchanged fault. */
export const checkedReasons = ['refused', 'timeout', 'tls', 'http', 'slow', 'other'] as const;

/** No table of HAProxy's, no rules about it: where the kubeconfig names an API server itself there may be no balancer at all. */
export function noBalancer(seen: Seen<'lb.stats'>): boolean {
  return seen.topology.entryIsMaster && seen.peek('lb.stats')?.state !== 'known';
}

/** The servers of every proxy that leads to an API server. @throws MissingEvidence where the table shows none. */
export function backendsOf(seen: Seen<'lb.stats'>): readonly Backend[] {
  const { rows } = seen.get('lb.stats');
  const proxies = apiProxies(seen, rows);
  const lb = seen.topology.entry?.subject.id ?? 'lb';
  return rows.filter((row) => row.type === 'server' && proxies.has(row.proxy)).map((row) => describe(seen, row, lb));
}

/** The summary rows of those proxies, one each. */
export function summariesOf(seen: Seen<'lb.stats'>): readonly HaproxyRow[] {
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
  const gap = { gap: 'absent', detail: 'the statistics name no server that is one of the API servers' } as const;
  const howToGet = '--haproxy-stats <url or socket of the balancer in front of the API>';
  throw new MissingEvidence([{ ...gap, howToGet, id: 'lb.stats', subject: `lb/${seen.topology.entry?.subject.id ?? 'lb'}` }]);
}

function describe(seen: Seen<'lb.stats'>, row: HaproxyRow, lb: string): Backend {
  const master = masterOf(seen.topology.masters, row);
  const id = `${lb}/${row.proxy}/${row.server}`;
  const subject: Subject =
    master === undefined
      ? { kind: 'lb', id, name: row.server, keys: { lb } }
      : { kind: 'apiserver', id, name: master.subject.name, keys: { ...master.subject.keys, lb } };
  const check = row.checkStatus.replace(/^\*\s*/, '');
  return { subject, row, state: stateOf(row.status), check, ...(master !== undefined && { master }) };
}

/** The address decides, for a server may be called anything; the name only where no address was shown. */
function masterOf(masters: readonly Master[], row: HaproxyRow): Master | undefined {
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

/** Whether HAProxy sends clients there now. */
export function getsClients(backend: Backend): boolean {
  return backend.state === 'up' || backend.state === 'going-down' || backend.state === 'unchecked';
}

/** Whether the last check went well, or there is none to go badly. */
export function checkIsGood(backend: Backend): boolean {
  return backend.check === '' || /^L\d+OK/.test(backend.check);
}

/** What HAProxy thinks of this API server; undefined also where nobody can say. */
export function backendFor(seen: Seen<'lb.stats'>, { subject }: Master): Backend | undefined {
  return seen.attempt(() => backendsOf(seen).find((one) => one.master?.subject.id === subject.id));
}

/** Whether HAProxy has met trouble with this API server as well; false also where nobody can say. */
export function balancerDoubts(seen: Seen<'lb.stats'>, master: Master): boolean {
  const backend = backendFor(seen, master);
  return backend !== undefined && backend.state !== 'maintenance' && (!getsClients(backend) || !checkIsGood(backend));
}

/** What keeps a check from getting an answer keeps clients from it too, until it is taken out. */
export const unreachedReasons = ['refused', 'timeout', 'tls', 'slow'] as const satisfies readonly (typeof checkedReasons)[number][];

/** Whether HAProxy’s last check of this API server got no answer at all; false also where nobody can say. */
export function balancerCannotReach(seen: Seen<'lb.stats'>, master: Master): boolean {
  const backend = backendFor(seen, master);
  if (backend === undefined || backend.state === 'maintenance' || checkIsGood(backend)) return false;
  return unreachedReasons.some((reason) => reason === reasonOfCheck(backend.check));
}

/** From the code of the check that failed. */
export function reasonOfCheck(check: string): (typeof checkedReasons)[number] {
  if (check === 'L4CON') return 'refused';
  if (check === 'L4TOUT') return 'timeout';
  if (check.startsWith('L6')) return 'tls';
  if (check === 'L7TOUT') return 'slow';
  return check.startsWith('L7') ? 'http' : 'other';
}

/**
 * How far the check looks into an API server. A check that fails at the connection does not show what it would have
 * asked next, so only successes and answers of layer 7 tell.
 */
export type CheckDepth = 'readiness' | 'tls' | 'connect' | 'none' | 'unclear';

export function depthOf(backends: readonly Backend[]): CheckDepth {
  const judged = backends.filter((one) => one.state !== 'maintenance');
  if (judged.some((one) => one.check.startsWith('L7'))) return 'readiness';
  if (judged.some((one) => /^L6OK/.test(one.check))) return 'tls';
  if (judged.some((one) => /^L4OK/.test(one.check))) return 'connect';
  return judged.length > 0 && judged.every((one) => one.state === 'unchecked') ? 'none' : 'unclear';
}

/** `DOWN L4CON`, `UP 1/3 L7OK/200`: as HAProxy's own page shows it. */
export function wordsOf(backend: Backend): string {
  const { row, check } = backend;
  const code = row.checkCode === undefined || row.checkCode === 0 || !check.startsWith('L7') ? '' : `/${row.checkCode}`;
  return check === '' ? row.status : `${row.status} ${check}${code}`;
}

/** When the row last changed its state, by our clock; HAProxy counts whole seconds. */
export function changedAt(known: Pick<Known, 'takenAt'>, row: HaproxyRow): Since | undefined {
  if (row.lastChange === undefined) return undefined;
  const latest = known.takenAt - row.lastChange * 1000;
  return { earliest: latest - 1000, latest };
}
