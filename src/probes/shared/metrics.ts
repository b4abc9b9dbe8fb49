// What do the counters in a Prometheus exposition say?

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/**
 * Keeps the lines of the named families only: an API server's exposition is several megabytes. Of `sparse` families,
 * which have a line for every method and code there is, only those that ever counted something.
 */
export function keepFamilies(text: string, names: readonly string[], sparse: readonly string[] = []): string {
  const wanted = new Set([...names, ...sparse]);
  return text
    .split('\n')
    .filter((line) => {
      const name = /^[a-zA-Z_:][\w:]*/.exec(line)?.[0] ?? '';
      return wanted.has(name) && !(sparse.includes(name) && line.endsWith(' 0'));
    })
    .join('\n');
}

/**
 * The sums of a family's lines over those labels that nobody asks for: histograms have some ten thousand lines for every
 * verb, resource and client. `series` gives the labels a line counts under, or nothing where it does not count.
 */
export function foldFamily(
  text: string,
  name: string,
  series: (labels: Sample['labels']) => Readonly<Record<string, string>> | undefined,
  as = name,
): string {
  const sums = new Map<string, number>();
  const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
  for (const { labels, value } of parseMetrics(lines.join('\n'))) {
    const kept = series(labels);
    if (kept === undefined) continue;
    const key = Object.entries(kept)
      .map(([label, word]) => `${label}=${JSON.stringify(word)}`)
      .join(',');
    sums.set(key, (sums.get(key) ?? 0) + value);
  }
  return [...sums].map(([labels, value]) => `${as}${labels === '' ? '' : `{${labels}}`} ${value}\n`).join('');
}

/** Lines that are no samples, or whose value is not finite, are left out. */
export function parseMetrics(text: string): readonly Sample[] {
  return text.split('\n').flatMap((line) => {
    const match = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? +(\S+)/.exec(line);
    const value = Number(match?.[3] ?? '');
    if (match?.[1] === undefined || !Number.isFinite(value)) return [];
    return [{ name: match[1], labels: parseLabels(match[2] ?? ''), value }];
  });
}

function parseLabels(text: string): Readonly<Record<string, string>> {
  const found = [...text.matchAll(/([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g)];
  return Object.fromEntries(
    found.map(([, name, value]) => [name ?? '', (value ?? '').replace(/\\(.)/g, (_, c) => (c === 'n' ? '\n' : c))]),
  );
}

/** Undefined when the family does not occur. */
export function sumOf(
  samples: readonly Sample[],
  name: string,
  keep: (labels: Sample['labels']) => boolean = () => true,
): number | undefined {
  const values = samples.filter((one) => one.name === name && keep(one.labels)).map((one) => one.value);
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0);
}
