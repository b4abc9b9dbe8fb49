// Which part of a file on a control-plane node may leave it, and what is the file for?
import { basename, dirname } from 'node:path';
import { parse } from 'yaml';

const certificateBlock = /-----BEGIN CERTIFICATE-----[\sA-Za-z0-9+/=]+-----END CERTIFICATE-----/g;

/** The certificates of a PEM file, without the keys that may stand between them. */
export function publicBlocks(text: string): readonly string[] {
  return text.match(certificateBlock) ?? [];
}

/**
 * The name and the command lines of a static pod; environment variables, which may hold passwords, are left behind.
 * Text that is no pod comes back as its beginning would: undefined parts that a reader reports.
 */
export function reduceManifest(text: string): unknown {
  const pod = asRecord(parseOrNothing(text));
  const containers = asRecord(pod['spec'])['containers'];
  const kept = Array.isArray(containers) ? containers.map((one) => pick(asRecord(one), ['name', 'image', 'command', 'args'])) : [];
  return { metadata: pick(asRecord(pod['metadata']), ['name', 'namespace', 'annotations']), spec: { containers: kept } };
}

function parseOrNothing(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

function pick(record: Readonly<Record<string, unknown>>, names: readonly string[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(names.filter((name) => name in record).map((name) => [name, record[name]]));
}

/** `apiserver`, `etcd-server`, `kubelet-client`: the file's name, with its folder where that tells more. */
export function roleOf(path: string): string {
  const name = basename(path)
    .replace(/\.(crt|pem)$/, '')
    .replace(/-current$/, '');
  return basename(dirname(path)) === 'etcd' ? `etcd-${name}` : name;
}
