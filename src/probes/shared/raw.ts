// Do these recorded bytes hold tries of ours?
import * as z from 'zod';
import { type Answer, type Failure, failureClasses } from '../../model/network.ts';
import type { RawTry } from '../../sources/source.ts';
import { checkShape, parseJson } from './json.ts';
import { cleanLine, cleanLines } from './text.ts';

export const rawTry = z
  .object({
    address: z.string(),
    sentAt: z.number(),
    receivedAt: z.number(),
    connected: z.boolean(),
    chain: z.array(z.string()),
    answer: z.object({ status: z.number().int(), headers: z.record(z.string(), z.string()), body: z.string() }).exactOptional(),
    bytes: z.string().exactOptional(),
    failure: z.object({ why: z.enum(failureClasses), alert: z.number().int().exactOptional(), detail: z.string() }).exactOptional(),
  })
  .refine(
    (one) => one.answer !== undefined || one.failure !== undefined || one.chain.length > 0 || one.connected,
    'a try without any outcome',
  );

/** @throws Error with one sentence when it is not what the schema describes. */
export function parseRaw<Schema extends z.ZodType>(raw: string, schema: Schema): z.output<Schema> {
  return checkShape(schema, parseJson(raw, 'the recorded answer'), 'the recorded answer');
}

/** A failure with its text made harmless. */
export function failureOf(one: RawTry): Failure | undefined {
  if (one.failure === undefined) return undefined;
  const { why, alert, detail } = one.failure;
  return { kind: 'failed', why, ...(alert === undefined ? {} : { alert }), detail: cleanLine(detail, 300) };
}

/** What came of a try that asked for something over HTTP. */
export function outcomeOf(one: RawTry): Answer | Failure {
  const failure = failureOf(one);
  if (failure !== undefined) return failure;
  if (one.answer === undefined) return { kind: 'failed', why: 'closed', detail: 'the connection ended without an answer' };
  const page = titleOfPage(one);
  if (page !== undefined) {
    const detail = `answered ${one.answer.status} with a web page${page === '' ? '' : ` (“${page}”)`}: something else than an API server is there`;
    return { kind: 'failed', why: 'protocol', detail };
  }
  const time = serverTimeOf(one);
  return {
    kind: 'answered',
    status: one.answer.status,
    body: cleanLines(one.answer.body),
    ...(time === undefined ? {} : { serverTime: time }),
    ...(one.answer.headers['server'] === undefined ? {} : { server: cleanLine(one.answer.headers['server'], 100) }),
  };
}

/**
 * The title of a web page that was answered with success or a redirection, as a captive portal or a proxy's login does;
 * undefined for everything else. Neither API servers nor etcd ever answer so. Error pages stay answers: proxies write them.
 */
function titleOfPage({ answer }: RawTry): string | undefined {
  if (answer === undefined || answer.status < 200 || answer.status > 399) return undefined;
  const isPage =
    /^\s*<(?:!doctype html|html|head|body)\b/i.test(answer.body.slice(0, 500)) ||
    /^text\/html\b/i.test(answer.headers['content-type'] ?? '');
  return isPage ? cleanLine(/<title[^>]*>([^<]{0,200})/i.exec(answer.body)?.[1] ?? '', 80).trim() : undefined;
}

/** The Date header, milliseconds since 1970. */
export function serverTimeOf(one: RawTry): number | undefined {
  const time = Date.parse(one.answer?.headers['date'] ?? '');
  return Number.isNaN(time) ? undefined : time;
}
