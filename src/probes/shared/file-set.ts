// Which certificates, and whose keys, lie in some files of one machine?
import type { KeyObject, X509Certificate } from 'node:crypto';
import { z } from 'zod';
import type { CertificateFile, FileSet, KeyFile, KubeconfigFile } from '../../model/here.ts';
import type { CertificateSeen } from '../../model/network.ts';
import { GapError, type PublicParts, type Source } from '../../sources/source.ts';
import { describeCertificate, parseCertificate } from './certificate.ts';
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

interface Parsed {
  readonly path: string;
  readonly certificate: X509Certificate;
  readonly modifiedAt?: number;
}

/** Pure; a certificate that cannot be read is named in `unreadable`, and the others still count. */
export function readFileSet(raw: RawFileSet, fallback: string): FileSet {
  const unreadable = [...raw.unreadable];
  const parse = (path: string, block: string): X509Certificate[] => attempt(path, unreadable, () => parseOnce(block));
  for (const { path, blocks: own } of raw.certificates) if (own.length === 0) unreadable.push({ path, why: 'it holds no certificate' });
  const parsed = raw.certificates.flatMap(({ path, blocks: own, ...rest }) =>
    own.flatMap((block) => parse(path, block).map((certificate): Parsed => ({ path, certificate, ...rest }))),
  );
  const authorities = parsed.filter(({ certificate }) => certificate.ca).map(({ certificate }) => authorityOf(certificate));
  const certificates = parsed.flatMap(({ path, certificate, modifiedAt }): readonly CertificateFile[] =>
    attempt(path, unreadable, () => ({
      path,
      role: roleOf(path),
      certificate: describeOnce(certificate),
      signedBy: signersOf(certificate, authorities),
      ...(modifiedAt !== undefined && { modifiedAt }),
    })),
  );
  const kubeconfigs = (raw.kubeconfigs ?? []).flatMap((one) => readKubeconfig(one, authorities, parse, unreadable));
  const keys: readonly KeyFile[] = raw.keys ?? [];
  return { node: nodeOf(certificates, kubeconfigs, fallback), certificates, keys, kubeconfigs, unreadable };
}

function readKubeconfig(
  { path, server, authorities: held, client, clientFile, publicKey, modifiedAt }: NonNullable<RawFileSet['kubeconfigs']>[number],
  beside: readonly Authority[],
  parse: (path: string, block: string) => readonly X509Certificate[],
  unreadable: Unreadable,
): readonly KubeconfigFile[] {
  const own = held.flatMap((block) => parse(path, block));
  const [certificate] = client.slice(0, 1).flatMap((block) => parse(path, block));
  return attempt(path, unreadable, () => ({
    path,
    role: ownerOf(path),
    server,
    authorities: own.map(describeCertificate),
    ...(certificate !== undefined && { client: describeCertificate(certificate) }),
    signedBy: certificate === undefined ? [] : signersOf(certificate, [...own.map(authorityOf), ...beside]),
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

/** An authority lies on every machine: what was read once need not be read again. */
const parsedBefore = new Map<string, X509Certificate>();
const mostKept = 100;

/** @throws Error with one sentence. */
function parseOnce(block: string): X509Certificate {
  const before = parsedBefore.get(block);
  if (before !== undefined) return before;
  const certificate = parseCertificate(Buffer.from(block));
  if (certificate.ca && parsedBefore.size < mostKept) parsedBefore.set(block, certificate);
  return certificate;
}

interface Authority {
  readonly subject: string;
  readonly sha256: string;
  /** Absent for a kind of key that OpenSSL does not know. */
  readonly key?: KeyObject;
}

const authoritiesBefore = new WeakMap<X509Certificate, Authority>();

function authorityOf(certificate: X509Certificate): Authority {
  const before = authoritiesBefore.get(certificate);
  if (before !== undefined) return before;
  const sha256 = certificate.fingerprint256.replaceAll(':', '').toLowerCase();
  const authority = { subject: certificate.subject, sha256, ...keyOf(certificate) };
  authoritiesBefore.set(certificate, authority);
  return authority;
}

function keyOf(certificate: X509Certificate): { readonly key?: KeyObject } {
  try {
    return { key: certificate.publicKey };
  } catch {
    return {};
  }
}

const describedBefore = new WeakMap<X509Certificate, CertificateSeen>();

/** @throws Error with one sentence when its dates cannot be read. */
function describeOnce(certificate: X509Certificate): CertificateSeen {
  const seen = describedBefore.get(certificate) ?? describeCertificate(certificate);
  describedBefore.set(certificate, seen);
  return seen;
}

/** By signature; the name only says with whom it is worth trying. */
function signersOf(certificate: X509Certificate, authorities: readonly Authority[]): readonly string[] {
  const named = [...new Map(authorities.map((one) => [one.sha256, one])).values()].filter((one) => one.subject === certificate.issuer);
  return named.filter((one) => isSignedBy(certificate, one)).map(({ sha256 }) => sha256);
}

const signedBefore = new WeakMap<X509Certificate, Map<string, boolean>>();

function isSignedBy(certificate: X509Certificate, { sha256, key }: Authority): boolean {
  const before = signedBefore.get(certificate) ?? new Map<string, boolean>();
  signedBefore.set(certificate, before);
  const answer = before.get(sha256) ?? (key !== undefined && verifies(certificate, key));
  before.set(sha256, answer);
  return answer;
}

function verifies(certificate: X509Certificate, key: KeyObject): boolean {
  try {
    return certificate.verify(key);
  } catch {
    // A key of a kind that cannot have made this signature.
    return false;
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
