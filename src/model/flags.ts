// How are the flags of a command line read?
import { kept } from './kept.ts';

/** Flag without its dashes -> value; a flag without one is `true`. */
export type Flags = ReadonlyMap<string, string>;

/** Command lines are read by many rules, each for every subject. */
const parseWords = kept((words: readonly string[]): Flags => new Map(flagsIn(words)));

/**
 * `--name=value`, `--name value` and a bare `--name` alike; the last one counts. Underscores count as dashes, as in
 * Kubernetes' own flags.
 * @param environment variables as `NAME=value`: etcd reads each flag as `ETCD_…` too, and a flag goes before its variable.
 */
export function parseFlags(words: readonly string[], environment: readonly string[] = []): Flags {
  if (environment.length === 0) return parseWords(words);
  const flags = new Map<string, string>();
  for (const variable of environment) {
    const [, name = '', value = ''] = /^ETCD_([A-Z_]+)=(.*)$/s.exec(variable) ?? [];
    if (name !== '') flags.set(name.toLowerCase().replaceAll('_', '-'), value);
  }
  for (const [name, value] of parseWords(words)) flags.set(name, value);
  return flags;
}

/** The same, where a flag that stands several times is a list of all its values, joined by commas, as of service accounts' issuers and keys. */
export const parseRepeatedFlags = kept((words: readonly string[]): Flags => {
  const flags = new Map<string, string>();
  for (const [name, value] of flagsIn(words)) {
    const before = flags.get(name);
    flags.set(name, before === undefined ? value : `${before},${value}`);
  }
  return flags;
});

function* flagsIn(words: readonly string[]): Generator<readonly [name: string, value: string]> {
  for (const [index, word] of words.entries()) {
    const [, name = '', assigned] = /^--?([A-Za-z][\w.-]*)(?:=(.*))?$/s.exec(word) ?? [];
    if (name === '') continue;
    const next = words[index + 1];
    yield [name.replaceAll('_', '-'), assigned ?? (next === undefined || next.startsWith('-') ? 'true' : next)];
  }
}

/** A switch as Go's strconv.ParseBool reads it; undefined where it is none: what is started with such a value ends at once. */
export function readGoSwitch(text: string): boolean | undefined {
  if (/^(?:1|t|T|true|True|TRUE)$/.test(text)) return true;
  return /^(?:0|f|F|false|False|FALSE)$/.test(text) ? false : undefined;
}

/** Seconds of a Go duration such as 1h30m or 500ms; undefined where it is none. */
export function readGoDuration(text: string): number | undefined {
  if (text === '0') return 0;
  const units: Readonly<Record<string, number>> = { h: 3600, m: 60, s: 1, ms: 0.001, us: 1e-6, ns: 1e-9 };
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|us|ns|h|m|s)/g)];
  if (parts.map(([whole]) => whole).join('') !== text || parts.length === 0) return undefined;
  return parts.reduce((sum, [, number = '0', unit = 's']) => sum + Number(number) * (units[unit] ?? 0), 0);
}
