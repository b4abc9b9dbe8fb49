// Is this text the JSON we expect, and if not, how is that said in one sentence?
import * as z from 'zod';
import { cleanLine } from './text.ts';

/** @throws Error with one sentence. */
export function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`${what} is not JSON: ${excerpt(text)}`);
  }
}

/** uint64 values that JSON.parse would round come back as text. @throws Error with one sentence. */
export function parseJsonKeepingIntegers(text: string, what: string): unknown {
  const quoted = text.replace(/"(?:[^"\\]|\\.)*"|-?\d{16,}(?![\d.eE])/g, (token) => (token.startsWith('"') ? token : `"${token}"`));
  return parseJson(quoted, what);
}

/** @throws Error with one sentence that names the first place that does not fit. */
export function checkShape<Schema extends z.ZodType>(schema: Schema, value: unknown, what: string): z.output<Schema> {
  // A run reads each shape a few times: to compile a reader for it, as zod does by itself, takes longer than it saves.
  const result = schema.safeParse(value, { jitless: true });
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const place = issue?.path.map(String).join('.') ?? '';
  throw new Error(
    `${what} has an unexpected shape${place === '' ? '' : ` at ${cleanLine(place, 80)}`}: ${cleanLine(issue?.message ?? '', 160)}`,
  );
}

function excerpt(text: string): string {
  const start = cleanLine(text.slice(0, 120), 60).trim();
  return start === '' ? 'it is empty' : `it begins with “${start}”`;
}

/** A line of foreign text, made harmless. */
export const line = z.string().transform((text) => cleanLine(text));

/** The same where absence means empty. */
export const optionalLine = z
  .string()
  .nullish()
  .transform((text) => cleanLine(text ?? ''));

/** Labels and annotations. */
export const lineMap = z
  .record(z.string(), z.string())
  .nullish()
  .transform((map) => Object.fromEntries(Object.entries(map ?? {}).map(([key, value]) => [cleanLine(key), cleanLine(value)])));

/** RFC 3339 -> milliseconds since 1970; undefined when absent. */
export const moment = z
  .string()
  .nullish()
  .transform((text, context) => {
    if (text === null || text === undefined) return undefined;
    const time = Date.parse(text);
    if (Number.isNaN(time)) context.addIssue({ code: 'custom', message: `“${cleanLine(text, 40)}” is no time` });
    return time;
  });

/** A list that Go leaves out or writes as null when it is empty. */
export function listOf<Item extends z.ZodType>(item: Item) {
  return z
    .array(item)
    .nullish()
    .transform((items) => items ?? []);
}
