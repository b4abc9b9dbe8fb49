// What does HAProxy itself think of its backends?
import { joinAddress } from '../../model/address.ts';
import type { HaproxyRow } from '../../model/balancer.ts';
import type { RawTry } from '../../sources/source.ts';
import { defineProbe, type Gathered, type Surroundings } from '../probe.ts';
import { parseCsv } from '../shared/csv.ts';
import { gap } from '../shared/gaps.ts';
import { cleanLine } from '../shared/text.ts';
import { getPage } from '../shared/web-page.ts';

const howToGet = '--haproxy-stats <URL or path of the socket>';
/** Where HAProxy's own examples put the page. */
const usualPort = 8404;
const types: readonly HaproxyRow['type'][] = ['frontend', 'backend', 'server', 'listener'];
const needed = ['pxname', 'svname', 'status', 'type'] as const;

export default defineProbe({
  id: 'lb.stats',
  title: 'HAProxy’s table of servers',
  why: 'Shows which masters the load balancer has taken out, and for what reason.',
  reads: [],
  after: [],
  again: 'more',
  timeoutMs: 5000,
  gather: async (_subject, around): Promise<Gathered> => {
    const { source, settings, topology, signal } = around;
    const named = settings.haproxyStats;
    if (named !== undefined && !/^https?:\/\//.test(named)) {
      const raw = await source.socket(named.replace(/^unix:(\/\/)?/, ''), 'show stat\n', signal);
      if (!isTable(raw)) throw gap('failed', `${named} did not answer with HAProxy’s table`, howToGet);
      return { raw, source: 'HAProxy socket' };
    }
    const host = topology.entry?.host ?? '';
    const url = named ?? `http://${joinAddress(host, usualPort)}/stats`;
    return { raw: tableOf(await ask(url, around), url, named !== undefined), source: 'HAProxy stats page' };
  },
  read: (raw) => {
    if (!isTable(raw)) throw new Error(`the answer is not HAProxy’s table: it begins with “${cleanLine(raw.slice(0, 200), 60)}”`);
    return { rows: parseCsv(raw).map(reduce) };
  },
});

function ask(text: string, around: Surroundings): Promise<RawTry> {
  const url = new URL(text);
  if (!url.pathname.endsWith(';csv')) url.pathname = `${url.pathname};csv`;
  url.search = '';
  return getPage(around, url);
}

function tableOf(one: RawTry, url: string, wasNamed: boolean): string {
  if (one.answer?.status === 200 && isTable(one.answer.body)) return one.answer.body;
  const { origin, pathname } = new URL(url);
  const place = `${origin}${pathname}`;
  if (one.answer?.status === 401) throw gap('denied', `HAProxy’s page at ${place} wants a password`, howToGet);
  const came = one.answer === undefined ? (one.failure?.detail ?? 'no answer') : `status ${one.answer.status}`;
  throw gap(wasNamed ? 'failed' : 'absent', `no table of HAProxy at ${place}: ${cleanLine(came, 160)}`, howToGet);
}

function isTable(text: string): boolean {
  return text.startsWith('# pxname,');
}

function reduce(row: Readonly<Record<string, string>>): HaproxyRow {
  for (const name of needed) if (row[name] === undefined) throw new Error(`HAProxy’s table has no column ${name}`);
  const type = types[Number(row['type'])];
  if (type === undefined) throw new Error(`HAProxy’s table has a row of the unknown type “${cleanLine(row['type'] ?? '', 20)}”`);
  const number = (name: string, key: string) => (/^\d+$/.test(row[name] ?? '') ? { [key]: Number(row[name]) } : {});
  return {
    proxy: cleanLine(row['pxname'] ?? ''),
    server: cleanLine(row['svname'] ?? ''),
    type,
    status: cleanLine(row['status'] ?? ''),
    // A star marks a check that is running just now; the rest is the last result.
    checkStatus: cleanLine(row['check_status'] ?? '').replace(/^\* /, ''),
    ...number('check_code', 'checkCode'),
    lastCheck: cleanLine(row['last_chk'] ?? ''),
    ...number('lastchg', 'lastChange'),
    address: cleanLine(row['addr'] ?? ''),
    mode: cleanLine(row['mode'] ?? ''),
    ...number('act', 'activeServers'),
    ...number('chkdown', 'timesDown'),
    ...number('scur', 'sessions'),
    ...number('slim', 'sessionLimit'),
    ...number('stot', 'sessionsTotal'),
    ...number('qcur', 'queued'),
  };
}
