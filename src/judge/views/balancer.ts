// What does the load balancer say of each server behind it, and what do we see there ourselves?
import type { Seen } from '../../model/rule.ts';
import { say, type Word } from '../../model/sentence.ts';
import type { Row, TableView } from '../../model/table.ts';
import type { Master } from '../../model/topology.ts';
import { describeDuration } from '../../model/time.ts';
import { readApiServer } from '../readings/api-server.ts';
import { type Backend, backendsOf, getsClients, wordsOf } from '../readings/backend.ts';
import { ownerOfLeaf } from '../readings/entry.ts';
import { type Listed, serverListsOf } from '../readings/listed-servers.ts';
import { virtualAddressOf } from '../readings/virtual-address.ts';

const columns = [
  { key: 'backend', head: 'BACKEND' },
  { key: 'address', head: 'ADDRESS' },
  { key: 'balancer', head: 'LB SAYS' },
  { key: 'direct', head: 'SEEN DIRECTLY' },
  { key: 'share', head: 'SHARE' },
  { key: 'changed', head: 'CHANGED' },
] as const;

/** Pure, from evidence alone: a replay shows what the live run showed. */
export function viewBalancer(seen: Seen): TableView {
  const backends = seen.attempt(() => backendsOf(seen)) ?? [];
  const live = backends.map((backend) => liveRow(seen, backend, backends));
  const shown = new Set(live.map((row) => row.server));
  const configured = serverListsOf(seen)
    .filter((list) => !list.live)
    .flatMap((list) => list.servers)
    .filter((one) => isNew(shown, one.master?.subject.id ?? one.address));
  const unlisted = seen.topology.masters.filter((master) => isNew(shown, master.subject.id));
  const hasList = shown.size > unlisted.length;
  const rows = [
    ...live.map(({ row }) => row),
    ...configured.map((one) => configuredRow(seen, one)),
    ...unlisted.map((master) => masterRow(seen, master, hasList ? 'not listed' : undefined)),
  ];
  return { title: titleOf(seen, backends), columns, rows, notes: notesOf(seen) };
}

function isNew(shown: Set<string>, server: string): boolean {
  if (shown.has(server)) return false;
  shown.add(server);
  return true;
}

interface LiveRow {
  /** The API server it stands for, else its address or name. */
  readonly server: string;
  readonly row: Row;
}

function liveRow(seen: Seen, backend: Backend, all: readonly Backend[]): LiveRow {
  const { row, master } = backend;
  const age = row.lastChange === undefined ? undefined : say('{time} ago', { time: describeDuration(row.lastChange * 1000) });
  return {
    server: master?.subject.id ?? (row.address || row.server),
    row: {
      backend: `${row.proxy}/${row.server}`,
      address: row.address || master?.subject.id,
      balancer: backend.forced === 'yes' ? say('{words}, still used', { words: wordsOf(backend) }) : wordsOf(backend),
      direct: directWords(seen, master),
      share: shareOf(backend, all) ?? leafShare(seen, master),
      changed: age,
    },
  };
}

function configuredRow(seen: Seen, { name, address, master }: Listed): Row {
  return { backend: name, address, balancer: undefined, direct: directWords(seen, master), share: leafShare(seen, master) };
}

function masterRow(seen: Seen, master: Master, balancer: string | undefined): Row {
  const { id, name } = master.subject;
  return { backend: name, address: id, balancer, direct: directWords(seen, master), share: leafShare(seen, master) };
}

function directWords(seen: Seen, master: Master | undefined): Word | undefined {
  if (master === undefined) return undefined;
  const reading = seen.attempt(() => readApiServer(seen, master));
  if (reading === undefined) return undefined;
  if (reading.kind === 'silent') return reading.why;
  if (reading.trust.kind === 'untrusted') return say('certificate: {why}', { why: reading.trust.why });
  return reading.kind === 'ready' ? 'ready' : say('answers {status}', { status: reading.status });
}

/** Of the sessions that the balancer counts since it was started. */
function shareOf({ row }: Backend, all: readonly Backend[]): Word | undefined {
  const total = all.reduce((sum, one) => sum + (one.row.proxy === row.proxy ? (one.row.sessionsTotal ?? 0) : 0), 0);
  return row.sessionsTotal === undefined || total === 0 ? undefined : percent(row.sessionsTotal, total);
}

function percent(part: number, whole: number): Word {
  return say('{percent} % of {whole}', { percent: Math.round((100 * part) / whole), whole });
}

/** Of our own connections. */
function leafShare(seen: Seen, master: Master | undefined): Word | undefined {
  if (master === undefined || seen.topology.entryIsMaster) return undefined;
  const met = seen.attempt(() => metThrough(seen));
  if (met === undefined || met.length === 0) return undefined;
  return say('{count} of {whole} tries', { count: met.filter((one) => one === master).length, whole: met.length });
}

/** The API server behind each of our connections that showed a certificate. */
function metThrough(seen: Seen): readonly (Master | undefined)[] {
  const leaves = seen.get('lb.tries').tries.flatMap((one) => one.chain.slice(0, 1));
  return leaves.map((leaf) => ownerOfLeaf(seen, leaf));
}

/** Who gets clients: met by one of our connections, or in service with sessions counted. */
function titleOf(seen: Seen, backends: readonly Backend[]): Word {
  const { entry, masters, entryIsMaster } = seen.topology;
  const address = entry?.subject.id ?? '?';
  if (entryIsMaster) return say('{address} is an API server itself: no load balancer is in front of it', { address });
  const met = seen.attempt(() => metThrough(seen));
  const serving = masters.filter(
    (master) =>
      met?.includes(master) || backends.some((one) => one.master === master && getsClients(one) && (one.row.sessionsTotal ?? 0) > 0),
  );
  const all = masters.length;
  if (all === 0 || (met === undefined && backends.length === 0))
    return say('{address}: nobody can say which masters receive traffic', { address });
  const facts = { address, count: serving.length, all };
  // A balancer may keep one client on one server: without its own table others may get traffic that we did not meet.
  const isSure = backends.length > 0 || serving.length === all || met?.length === 0;
  return isSure
    ? say('{address}: {count} of {all} masters receive traffic', facts)
    : say('{address}: at least {count} of {all} masters receive traffic', facts);
}

function notesOf(seen: Seen): readonly Word[] {
  const vip = seen.attempt(() => virtualAddressOf(seen));
  if (vip === undefined) return [];
  const keepers = vip.keepers.map((one) => `${one.node} ${one.state === '' ? '?' : one.state}`).join(', ');
  return [say('Address {address}: {keepers}', { address: vip.address, keepers })];
}
