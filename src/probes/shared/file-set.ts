// Which certificates, and whose keys, lie in some files of one machine?
import * as z from 'zod';
import type { CertificateFile, FileSet, KeyFile, KubeconfigFile } from '../../model/here.ts';
import { GapError, type PublicParts, type Source } from '../../sources/source.ts';
import { distinct, type HeldCertificate, holdCertificate } from './held-certificate.ts';
import { line } from './json.ts';
import { ownerOf, roleOf } from './local-files.ts';
import { cleanLine } from './text.ts';

const blocks = z.array(z.string());

/** As recorded: certificates in PEM, keys by their digests. */
export const rawFileSet = z.object({
  certificates: z.array(z.object({ path: line, blocks, modifiedAt: z.number().exactOptional() })),
  keys: z.array(z.object({ path: line, publicKey: line.exactOptional(), open: z.boolean(), isPublic: z.boolean() })).exactOptional(),
  kubeconfigs: z
    .array(
      z.object({
        path: line,
        modifiedAt: z.number().exactOptional(),
        server: line,
        authorities: blocks,
        client: blocks,
        clientFile: line.exactOptional(),
        publicKey: line.exactOptional(),
      }),
    )
    .exactOptional(),
  unreadable: z.array(z.object({ path: line, why: line })),
});
export type RawFileSet = z.output<typeof rawFileSet>;
export type Unreadable = RawFileSet['unreadable'];

/** Names of files that hold certificates, keys or kubeconfigs. */
export const isOfInterest = (path: string): boolean => /\.(crt|pem|key|pub|conf|kubeconfig)$|\/(k3s|rke2)\.yaml$/.test(path);

/** What is not there is not unreadable: external etcd leaves no folder, a kubelet may keep its certificates elsewhere. */
export function note(path: string, unreadable: Unreadable): (error: unknown) => never[] {
  return (error) => {
    if (!(error instanceof GapError)) throw error;
    if (error.gap.gap !== 'absent') unreadable.push({ path, why: error.gap.detail });
    return [];
  };
}

export async function gatherFileSet(source: Source, paths: readonly string[], unreadable: Unreadable): Promise<RawFileSet> {
  const read = async (path: string) => source.publicParts(path).then((parts) => [{ path, parts }], note(path, unreadable));
  const found = (await Promise.all(paths.map(read))).flat();
  return {
    certificates: found
      .filter(({ path, parts }) => holdsCertificates(path, parts))
      .map(({ path, parts }) => ({ path, blocks: [...parts.certificates], ...time(parts) })),
    keys: found.flatMap(({ path, parts }) => parts.keys.map((key) => ({ path, ...key, open: ((parts.mode ?? 0) & 0o077) !== 0 }))),
    kubeconfigs: found.flatMap(({ path, parts: { kubeconfig, ...parts } }) =>
      kubeconfig === undefined
        ? []
        : [{ path, ...kubeconfig, authorities: [...kubeconfig.authorities], client: [...kubeconfig.client], ...time(parts) }],
    ),
    unreadable,
  };
}

/** A file that should hold one and does not is named later. */
function holdsCertificates(path: string, { certificates, keys }: PublicParts): boolean {
  return certificates.length > 0 || (/\.(crt|pem)$/.test(path) && keys.length === 0);
}

function time({ modifiedAt }: Pick<PublicParts, 'modifiedAt'>): { readonly modifiedAt?: number } {
  return modifiedAt === undefined ? {} : { modifiedAt };
}

/**
 * Certificates of one file, and authorities of one folder by which the others are tried: more has no cluster's PKI, and each is tried with
 * each of its name, which no deadline interrupts.
 */
const [mostInFile, mostAuthorities] = [50, 50] as const;

interface HeldFile {
  readonly path: string;
  readonly held: HeldCertificate;
  readonly modifiedAt?: number;
}

/** Pure; a certificate that cannot be read is named in `unreadable`, and the others still count. */
export function readFileSet(raw: RawFileSet, fallback: string): FileSet {
  const unreadable = [...raw.unreadable];
  const hold = (path: string, block: string): HeldCertificate[] => attempt(path, unreadable, () => holdCertificate(block));
  for (const { path, blocks: own } of raw.certificates) {
    if (own.length === 0) unreadable.push({ path, why: 'it holds no certificate' });
    if (own.length > mostInFile) unreadable.push({ path, why: `of its ${own.length} certificates only the first ${mostInFile} are read` });
  }
  const files = raw.certificates.flatMap(({ path, blocks: own, ...rest }) =>
    own.slice(0, mostInFile).flatMap((block) => hold(path, block).map((held): HeldFile => ({ path, held, ...rest }))),
  );
  const authorities = distinct(files.map(({ held }) => held).filter(({ isAuthority }) => isAuthority)).slice(0, mostAuthorities);
  const certificates = files.flatMap(({ path, held, modifiedAt }): readonly CertificateFile[] =>
    attempt(path, unreadable, () => ({
      path,
      role: roleOf(path),
      certificate: held.seen,
      signedBy: held.signersAmong(authorities),
      ...(modifiedAt !== undefined && { modifiedAt }),
    })),
  );
  const kubeconfigs = (raw.kubeconfigs ?? []).flatMap((one) => readKubeconfig(one, authorities, hold, unreadable));
  const keys: readonly KeyFile[] = raw.keys ?? [];
  return { node: nodeOf(certificates, kubeconfigs, fallback), certificates, keys, kubeconfigs, unreadable };
}

function readKubeconfig(
  { path, server, authorities, client, clientFile, publicKey, modifiedAt }: NonNullable<RawFileSet['kubeconfigs']>[number],
  beside: readonly HeldCertificate[],
  hold: (path: string, block: string) => readonly HeldCertificate[],
  unreadable: Unreadable,
): readonly KubeconfigFile[] {
  const own = authorities.slice(0, mostInFile).flatMap((block) => hold(path, block));
  const [held] = client.slice(0, 1).flatMap((block) => hold(path, block));
  return attempt(path, unreadable, () => ({
    path,
    role: ownerOf(path),
    server,
    authorities: own.map(({ seen }) => seen),
    ...(held !== undefined && { client: held.seen }),
    signedBy: held === undefined ? [] : held.signersAmong(distinct([...own, ...beside])),
    ...(clientFile !== undefined && { clientFile }),
    ...(publicKey !== undefined && { publicKey }),
    ...(modifiedAt !== undefined && { modifiedAt }),
  }));
}

function attempt<T>(path: string, unreadable: Unreadable, act: () => T): T[] {
  try {
    return [act()];
  } catch (error) {
    unreadable.push({ path, why: cleanLine(error instanceof Error ? error.message : String(error), 200) });
    return [];
  }
}

/** The kubelet's own certificate names the node as the API knows it. */
function nodeOf(certificates: readonly CertificateFile[], kubeconfigs: readonly KubeconfigFile[], fallback: string): string {
  const subjects = [
    ...certificates.map(({ certificate }) => certificate.subject),
    ...kubeconfigs.map(({ client }) => client?.subject ?? ''),
  ];
  const names = subjects.map((subject) => /CN=system:node:([^,]+)/.exec(subject)?.[1]);
  return names.find((name) => name !== undefined) ?? cleanLine(fallback, 253);
}
