// How are the flags of a command line read?

/** Flag without its dashes -> value; a flag without one is `true`. */
export type Flags = ReadonlyMap<string, string>;

/**
 * `--name=value`, `--name value` and a bare `--name` alike; the last one counts. Underscores count as dashes, as in
 * Kubernetes' own flags.
 * @param environment variables as `NAME=value`: etcd reads each flag as `ETCD_…` too, and a flag goes before its variable.
 */
export function parseFlags(words: readonly string[], environment: readonly string[] = []): Flags {
  const flags = new Map<string, string>();
  for (const variable of environment) {
    const [, name = '', value = ''] = /^ETCD_([A-Z_]+)=(.*)$/s.exec(variable) ?? [];
    if (name !== '') flags.set(name.toLowerCase().replaceAll('_', '-'), value);
  }
  for (const [index, word] of words.entries()) {
    const [, name = '', assigned] = /^--?([A-Za-z][\w.-]*)(?:=(.*))?$/s.exec(word) ?? [];
    if (name === '') continue;
    const next = words[index + 1];
    flags.set(name.replaceAll('_', '-'), assigned ?? (next === undefined || next.startsWith('-') ? 'true' : next));
  }
  return flags;
}
