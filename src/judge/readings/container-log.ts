// Which line of a container's log says why it ended?
import type { ContainerLog, LogLine } from '../../model/kubernetes.ts';
import type { Seen } from '../../model/rule.ts';

export type LogEvidence = 'kube.container-logs' | 'here.container-logs';

/** The line that says most, as a person would quote it. `at`: milliseconds since 1970 by the clock of its node. */
export interface TellingLine {
  readonly text: string;
  readonly at?: number;
  /** Whether the program gave this as the reason of its end, not merely as an error on the way. */
  readonly final: boolean;
}

/** Characters of a log line that are quoted: three lines of a screen. */
const quoted = 220;

/** Undefined where no log of it was read, or it is empty; what cannot be read never ends a judgement. */
export function tellingLineOf(seen: Seen<LogEvidence>, component: string, node: string): TellingLine | undefined {
  const found = logsOf(seen, component, node).flatMap((log) => tellingLine(log.lines) ?? []);
  return found.find((one) => one.final) ?? found[0];
}

/** The fact `log` for a rule's lines, where there is one. */
export function quoteLog(seen: Seen<LogEvidence>, component: string, node: string): { readonly log?: string } {
  const line = tellingLineOf(seen, component, node);
  return line === undefined ? {} : { log: line.text };
}

/** Logs of one component on one node that hold lines, those that end last first. */
export function logsOf(seen: Seen<LogEvidence>, component: string, node: string): readonly ContainerLog[] {
  const items = [seen.peek('here.container-logs'), seen.peek('kube.container-logs')];
  const logs = items.flatMap((item) => (item?.state === 'known' ? item.value.logs : []));
  const endOf = (log: ContainerLog): number => log.lines.at(-1)?.at ?? 0;
  return logs
    .filter((log) => log.component === component && log.node === node && log.lines.length > 0)
    .sort((one, other) => endOf(other) - endOf(one));
}

/** The last line of the gravest level: what a program dies of it says last. */
export function tellingLine(lines: readonly LogLine[]): TellingLine | undefined {
  const read = lines.map((line) => ({ line, ...parseLine(line.text) }));
  const best = Math.max(0, ...read.map((one) => one.weight));
  const chosen = read.findLast((one) => one.weight === best && one.message !== '');
  if (chosen === undefined) return undefined;
  const { message, line } = chosen;
  const why = onlyWaited.test(message) ? wayLost(read.slice(0, read.indexOf(chosen))) : undefined;
  const text = why === undefined ? cut(message, quoted) : `${cut(message, quoted / 2)}: ${why}`;
  return { text: cut(text, quoted), final: best >= weights.fatal, ...(line.at !== undefined && { at: line.at }) };
}

/** A program that waited in vain says so last; what it waited for it said before. */
const onlyWaited = /context deadline exceeded|timed out/;

/** Why gRPC did not get through to where it was going, which clients of etcd tell as a warning at each try; the last one counts. */
function wayLost(before: readonly ParsedLine[]): string | undefined {
  const told = before.flatMap(({ message }) => /\bErr: connection error: desc = "((?:[^"\\]|\\.)*)"/.exec(message)?.[1] ?? []);
  return told.at(-1)?.replaceAll('\\"', '"');
}

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}

interface ParsedLine {
  readonly weight: number;
  readonly message: string;
}

const weights = { plain: 1, error: 2, fatal: 3 } as const;

/** What Go programs say when they give up, at whatever level. */
const lastWords = /^(?:panic: |fatal error: |Error: |error: |"command failed")|\bleaderelection lost\b|\bleader election lost\b/;

function parseLine(text: string): ParsedLine {
  const parsed = zapLine(text) ?? klogLine(text) ?? { weight: weights.plain, message: text };
  return lastWords.test(parsed.message) ? { ...parsed, weight: weights.fatal } : parsed;
}

/** etcd: `{"level":"fatal","ts":"…","caller":"…","msg":"discovery failed","error":"…"}`; a cut one is read as far as it goes. */
function zapLine(text: string): ParsedLine | undefined {
  if (!text.startsWith('{"level":')) return undefined;
  const field = (name: string): string => {
    const match = new RegExp(`"${name}":("(?:[^"\\\\]|\\\\.)*")`).exec(text);
    return match?.[1] === undefined ? '' : String(JSON.parse(match[1]));
  };
  const level = field('level');
  const weight = level === 'fatal' || level === 'panic' ? weights.fatal : level === 'error' ? weights.error : 0;
  return { weight, message: [field('msg'), field('error')].filter((part) => part !== '').join(': ') };
}

/** Kubernetes: `E1121 03:12:44.123456       1 run.go:72] "command failed" err="…"`. */
function klogLine(text: string): ParsedLine | undefined {
  const match = /^([IWEF])\d{4} [\d:.]+ +\d+ [^\]]+\] (.*)$/.exec(text);
  if (match === null) return undefined;
  const weight = match[1] === 'F' ? weights.fatal : match[1] === 'E' ? weights.error : 0;
  return { weight, message: match[2] ?? '' };
}
