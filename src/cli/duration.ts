// How long is `1m30s`?
import { UsageError } from '../model/errors.ts';

/** Milliseconds; a timer of Node's counts no further than 24 days. */
const longest = 24 * 3_600_000;
const inMilliseconds = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;
const part = /(\d+(?:\.\d+)?)(ms|s|m|h)/y;

/** Durations as kubectl takes them: `500ms`, `15s`, `1m30s`, and a bare number in seconds. Whole milliseconds. @throws UsageError */
export function parseDuration(text: string, flag: string): number {
  const total = /^\d+$/.test(text) ? Number(text) * 1000 : addParts(text, flag);
  if (total > longest) throw new UsageError(`${flag} takes at most 24h, not "${text}"`);
  return Math.ceil(total);
}

function addParts(text: string, flag: string): number {
  let total = 0;
  part.lastIndex = 0;
  let end = 0;
  for (let match = part.exec(text); match !== null; match = part.exec(text)) {
    total += Number(match[1]) * inMilliseconds[match[2] as keyof typeof inMilliseconds];
    end = part.lastIndex;
  }
  if (text === '' || end !== text.length) throw new UsageError(`${flag} takes a duration such as 15s or 1m30s, not "${text}"`);
  return total;
}
