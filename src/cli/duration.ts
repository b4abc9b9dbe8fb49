// How long is `1m30s`?
import { UsageError } from '../model/errors.ts';

const inMilliseconds = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;
const part = /(\d+(?:\.\d+)?)(ms|s|m|h)/y;

/** Durations as kubectl takes them: `500ms`, `15s`, `1m30s`, and a bare number in seconds. Milliseconds. @throws UsageError */
export function parseDuration(text: string, flag: string): number {
  if (/^\d+$/.test(text)) return Number(text) * 1000;
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
