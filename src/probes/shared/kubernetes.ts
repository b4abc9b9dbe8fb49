// How is the Kubernetes API asked, page by page, and what does its answer look like?
import * as z from 'zod';
import type { ServerClock } from '../../model/kubernetes.ts';
import type { RawTry } from '../../sources/source.ts';
import type { Gathered, Surroundings } from '../probe.ts';
import { describeWay, refusalOf } from './gaps.ts';
import { checkShape, parseJson } from './json.ts';
import { parseRaw, rawTry, serverTimeOf } from './raw.ts';

const pageSize = 500;
/** 500 000 objects; a list that goes on after that is not one. */
const mostPages = 1000;

const rawPages = z.object({ tries: z.array(rawTry).min(1) });
/** Go always writes `items`, null when there are none: an answer without it is no list, least of all an empty one. */
const page = z.object({
  kind: z.string().endsWith('List'),
  metadata: z.object({ continue: z.string().exactOptional() }).prefault({}),
  items: z.array(z.unknown()).nullable(),
});

/** One object. @throws GapError unless the API gave it. */
export async function gatherObject(path: string, what: string, around: Surroundings, post?: string): Promise<Gathered> {
  const one = await ask(path, what, around, post);
  return { raw: JSON.stringify({ tries: [one] }), source: describeWay(one.address, around.topology) };
}

/** One object that need not be there: what the API said of it. @throws GapError for any answer but 200 and 404. */
export async function askIfThere(path: string, what: string, { source, topology, signal }: Surroundings): Promise<RawTry> {
  const one = await source.kubernetes(path, signal);
  if (one.answer?.status === 200 || one.answer?.status === 404) return one;
  throw refusalOf(one, what, topology, `kubectl get --raw '${path}'`);
}

/**
 * All pages of a list. `slim` takes out of an item what may be secret or is of no use before the bytes are kept.
 * @throws GapError unless the API gave every one of them.
 */
export async function gatherList(path: string, what: string, around: Surroundings, slim?: Slim): Promise<Gathered> {
  const tries: RawTry[] = [];
  let next = '';
  do {
    const query = `${path.includes('?') ? '&' : '?'}limit=${pageSize}${next === '' ? '' : `&continue=${encodeURIComponent(next)}`}`;
    const part = tries.length === 0 ? what : `${what}, page ${tries.length + 1} (the list is incomplete)`;
    const one = await ask(`${path}${query}`, part, around);
    tries.push(one);
    next = pageOf(one).metadata.continue ?? '';
  } while (next !== '' && tries.length < mostPages);
  const kept = slim === undefined ? tries : tries.map((one) => slimPage(one, slim));
  return { raw: JSON.stringify({ tries: kept }), source: describeWay(tries[0]?.address ?? '', around.topology) };
}

/** Given each property of each object in turn; what it returns is kept, undefined leaves it out. */
export type Slim = (name: string, value: unknown) => unknown;

/** Leaves out properties of these names, wherever they stand. */
export function without(...names: readonly string[]): Slim {
  return (name, value) => (names.includes(name) ? undefined : value);
}

/** Gathered pages with every item changed. Pages that are no lists stay as they are: read() says what is wrong with them. */
export function changeItems(raw: string, change: (item: unknown) => unknown): string {
  const { tries } = parseRaw(raw, rawPages);
  const kept = tries.map((one) => {
    if (one.answer === undefined) return one;
    try {
      const body: unknown = JSON.parse(one.answer.body);
      if (typeof body !== 'object' || body === null || !('items' in body) || !Array.isArray(body.items)) return one;
      return { ...one, answer: { ...one.answer, body: JSON.stringify({ ...body, items: body.items.map(change) }) } };
    } catch {
      return one;
    }
  });
  return JSON.stringify({ tries: kept });
}

/** A body that is not JSON is kept as it is: read() says what is wrong with it. */
function slimPage(one: RawTry, keep: Slim): RawTry {
  if (one.answer === undefined) return one;
  try {
    const body = JSON.stringify(JSON.parse(one.answer.body), keep);
    return { ...one, answer: { ...one.answer, body } };
  } catch {
    return one;
  }
}

async function ask(path: string, what: string, around: Surroundings, post?: string): Promise<RawTry> {
  const one = await around.source.kubernetes(path, around.signal, post);
  if (one.answer?.status === 200 || one.answer?.status === 201) return one;
  throw refusalOf(one, what, around.topology, `kubectl get --raw '${path}'`);
}

/** @throws Error with one sentence. */
export function readObject<Schema extends z.ZodType>(raw: string, schema: Schema, what: string): z.output<Schema> {
  const one = parseRaw(raw, rawPages).tries[0];
  return checkShape(schema, parseJson(one?.answer?.body ?? '', what), what);
}

/** All items of all pages. @throws Error with one sentence. */
export function readList<Schema extends z.ZodType>(raw: string, item: Schema, what: string): readonly z.output<Schema>[] {
  return parseRaw(raw, rawPages).tries.flatMap((one) => (pageOf(one).items ?? []).map((found) => checkShape(item, found, what)));
}

/** Our clock's bounds around the first page, with the Date of the API server that answered it. */
export function readClock(raw: string): { readonly clock?: ServerClock } {
  const one = parseRaw(raw, rawPages).tries[0];
  const serverTime = one === undefined ? undefined : serverTimeOf(one);
  return one === undefined || serverTime === undefined ? {} : { clock: { sentAt: one.sentAt, receivedAt: one.receivedAt, serverTime } };
}

function pageOf(one: RawTry): z.output<typeof page> {
  return checkShape(page, parseJson(one.answer?.body ?? '', 'the list'), 'the list');
}
