// How is a line of a load balancer's configuration cut into words, and what do times and places in it mean?
import type { Bind } from '../../../model/balancer.ts';
import { cleanLine } from '../text.ts';

/** Longest file that is understood, in characters, and its longest line. */
export const longestFile = 1_000_000;
const longestLine = 10_000;

/**
 * Lines without their comments, empty ones left out. `marks` are the characters that begin a comment outside quotes.
 * @throws Error when the file is too long to be a configuration.
 */
export function linesOf(text: string, marks: string): readonly string[] {
  if (text.length > longestFile) throw new Error('it is longer than any configuration');
  return text
    .split('\n')
    .map((line) => withoutComment(line.slice(0, longestLine), marks).trim())
    .filter((line) => line !== '');
}

function withoutComment(line: string, marks: string): string {
  let quote = '';
  for (let at = 0; at < line.length; at++) {
    const character = line.charAt(at);
    if (character === '\\') at += 1;
    else if (quote !== '') quote = character === quote ? '' : quote;
    else if (character === '"' || character === "'") quote = character;
    else if (marks.includes(character)) return line.slice(0, at);
  }
  return line;
}

/** Words of a line; quotes hold blanks together and are taken away. */
export function wordsIn(line: string): readonly string[] {
  return [...line.matchAll(/"([^"]*)"?|'([^']*)'?|[^\s"']+/g)].map((match) => cleanLine(match[1] ?? match[2] ?? match[0], 500));
}

const units: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `35s`, `5m`, `1h30m` -> milliseconds; a bare number counts `bare` milliseconds. Undefined for what is no time. */
export function durationIn(text: string | undefined, bare: number): number | undefined {
  if (text === undefined || text.length > 40) return undefined;
  if (/^\d+$/.test(text)) return Number(text) * bare;
  if (!/^(?:\d+(?:us|ms|s|m|h|d))+$/.test(text)) return undefined;
  return [...text.matchAll(/(\d+)(us|ms|s|m|h|d)/g)].reduce((sum, [, number, unit]) => sum + Number(number) * (units[unit ?? ''] ?? 0), 0);
}

/** `*:6443`, `[::]:6443`, `:::6443`, `10.0.0.10:8443`, `6443` where a bare port may stand. Undefined for sockets and names of variables. */
export function bindAt(text: string, tls: boolean): Bind | undefined {
  const match = /^(?:ipv[46]@)?(?:\[([0-9a-fA-F:.]*)\]:|(.*):)?(\d{1,5})$/.exec(text);
  if (match === null) return undefined;
  const host = match[1] ?? match[2] ?? '';
  const port = Number(match[3]);
  if (port === 0 || port > 65_535 || /[^0-9a-zA-Z:.*_-]/.test(host)) return undefined;
  return { host: ['*', '0.0.0.0', '::'].includes(host) ? '' : host, port, tls };
}
