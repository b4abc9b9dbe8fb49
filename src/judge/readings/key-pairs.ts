// Which private key belongs to which certificate on one machine, by digests of public keys?
import type { FileSet, KeyFile } from '../../model/here.ts';
import { authorities, type Authority, knownRole } from './certificate-role.ts';

export interface KeyPair {
  /** `apiserver`, `ca`, `sa`, `admin.conf`. */
  readonly role: string;
  readonly path: string;
  /** The key that the certificate, or the public key beside it, wants. */
  readonly wanted?: string;
  /** The key that lies there; absent where none was read. */
  readonly key?: KeyFile;
}

const pairedBefore = new WeakMap<FileSet, readonly KeyPair[]>();

/** Of rotated copies and files of somebody's own nothing is expected. */
export function keyPairsIn(set: FileSet): readonly KeyPair[] {
  const before = pairedBefore.get(set);
  if (before !== undefined) return before;
  const found = [...ofCertificates(set), ...ofServiceAccounts(set), ...ofKubeconfigs(set)];
  pairedBefore.set(set, found);
  return found;
}

function ofCertificates({ certificates, keys = [] }: FileSet): readonly KeyPair[] {
  const byPath = new Map(keys.filter((key) => !key.isPublic).map((key) => [key.path, key]));
  const pairs = new Map<string, KeyPair>();
  for (const { path, role: name, certificate } of certificates) {
    const role = certificate.isAuthority ? authorities.find((one) => one === name) : knownRole(name);
    const key = byPath.get(path) ?? byPath.get(path.replace(/\.(crt|pem)$/, '.key'));
    // An authority's key is needed only where certificates are made, and its file may hold an old and a new one.
    if (role === undefined || pairs.has(role) || (isAuthority(role) && key === undefined)) continue;
    const wanted = isAuthority(role) ? wantedOf(certificates, path, key) : certificate.publicKey;
    pairs.set(role, { role, path, ...(wanted !== undefined && { wanted }), ...(key !== undefined && { key }) });
  }
  return [...pairs.values()];
}

function isAuthority(role: string): boolean {
  return authorities.includes(role as Authority);
}

/** Any certificate of the same file will do. */
function wantedOf(certificates: FileSet['certificates'], path: string, key: KeyFile | undefined): string | undefined {
  const own = certificates.filter((one) => one.path === path).map(({ certificate }) => certificate.publicKey);
  return own.find((one) => one !== undefined && one === key?.publicKey) ?? own[0];
}

function ofServiceAccounts({ keys = [] }: FileSet): readonly KeyPair[] {
  const [key] = keys.filter(({ path, isPublic }) => !isPublic && /\/(sa|service-account|service)\.key$/.test(path));
  const [open] = keys.filter(({ path, isPublic }) => isPublic && /\/(sa|service-account)\.pub$/.test(path));
  return key === undefined || open?.publicKey === undefined ? [] : [{ role: 'sa', path: open.path, wanted: open.publicKey, key }];
}

function ofKubeconfigs({ kubeconfigs = [] }: FileSet): readonly KeyPair[] {
  return kubeconfigs.flatMap(({ path, role, client, publicKey }) =>
    client?.publicKey === undefined || publicKey === undefined
      ? []
      : [{ role: `${role}.conf`, path, wanted: client.publicKey, key: { path, publicKey, open: false, isPublic: false } }],
  );
}
