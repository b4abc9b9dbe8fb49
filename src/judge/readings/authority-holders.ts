// Which authorities does each machine hold in its files, and which key signed what it serves?
import type { Seen } from '../../model/rule.ts';
import type { Subject } from '../../model/subject.ts';
import { type CertificateEvidence, certificatePlaces } from './certificate.ts';
import { placeOf } from './certificate-places.ts';
import { authoritiesIn, fileSets } from './certificate-files.ts';
import { type Authority, describeRole } from './certificate-role.ts';

export interface AuthorityHolder {
  readonly node: string;
  /** sha256 of each certificate of that authority in its files; absent where they were not read. */
  readonly files?: readonly string[];
  /**
   * Identifier of the key that signed what it serves. Where the authority is known to a client, what that client accepts
   * is alike (`accepted`), old and new during a rotation too; what it refuses is a fault of that certificate.
   */
  readonly servedBy?: string;
}

export function authorityHolders(seen: Seen<CertificateEvidence>, authority: Authority): readonly AuthorityHolder[] {
  return seen.shared(allHolders)[authority];
}

function allHolders(seen: Seen<CertificateEvidence>): Readonly<Record<Authority, readonly AuthorityHolder[]>> {
  return { ca: findHolders(seen, 'ca'), 'etcd-ca': findHolders(seen, 'etcd-ca'), 'front-proxy-ca': findHolders(seen, 'front-proxy-ca') };
}

function findHolders(seen: Seen<CertificateEvidence>, authority: Authority): readonly AuthorityHolder[] {
  const files = new Map(fileSets(seen).map((set) => [set.node, authoritiesIn(set, authority).map((file) => file.certificate.sha256)]));
  const { kind } = seen.topology.platform;
  // There peers have an authority of their own: a member that shows its peer port alone differs from nobody.
  const isApart = (role: string): boolean => role === 'etcd-peer' && (kind === 'k3s' || kind === 'rke2');
  const places = certificatePlaces(seen).filter(
    ({ asked, role }) => asked !== undefined && describeRole(role).authority === authority && !isApart(role),
  );
  const isJudged = places.some(({ leaves }) => leaves.some(({ trust }) => trust?.kind === 'trusted'));
  const served = new Map<string, string | undefined>();
  for (const { leaves, subject } of places) {
    const [leaf] = leaves.filter((one) => one.served);
    const key = isJudged ? (leaf?.trust?.kind === 'trusted' ? 'accepted' : undefined) : leaf?.certificate.authorityKeyId;
    served.set(subject.name, served.get(subject.name) ?? key);
  }
  const nodes = [...new Set([...files.keys(), ...served.keys()])].sort();
  return nodes.map((node) => {
    const [own, key] = [files.get(node), served.get(node)];
    return { node, ...(own !== undefined && own.length > 0 && { files: own }), ...(key !== undefined && { servedBy: key }) };
  });
}

/** One for each machine that has the authority, or ought to. */
export function holderSubjects(seen: Seen<CertificateEvidence>, authority: Authority): readonly Subject[] {
  return authorityHolders(seen, authority).map(({ node }) => placeOf(seen.topology, node, authority));
}
