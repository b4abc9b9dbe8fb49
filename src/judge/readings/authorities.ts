// Which authorities were seen, wherever clients and machines hold them?
import type { EvidenceId } from '../../model/evidence.ts';
import type { CertificateSeen, Knock } from '../../model/network.ts';
import type { Seen } from '../../model/rule.ts';
import { certificateNeeds, certificatePlaces, type Leaf } from './certificate.ts';
import { authoritiesIn, fileSets } from './certificate-files.ts';
import { type Authority, authorities, describeRole } from './certificate-role.ts';

export const authorityNeeds = [...certificateNeeds, 'operator.kubeconfig', 'kube.trust'] as const satisfies readonly EvidenceId[];
export type AuthorityEvidence = (typeof authorityNeeds)[number];

export interface AuthoritySeen {
  readonly authority: Authority;
  readonly certificate: CertificateSeen;
  /** Who holds it, such as `your kubeconfig` or a path. */
  readonly where: readonly string[];
}

/** Each once, by its digest: during a rotation there are two of one kind. */
export function authoritiesSeen(seen: Seen<AuthorityEvidence>): readonly AuthoritySeen[] {
  return seen.shared(findAuthorities);
}

function findAuthorities(seen: Seen<AuthorityEvidence>): readonly AuthoritySeen[] {
  const found = new Map<string, Omit<AuthoritySeen, 'where'> & { readonly where: Set<string> }>();
  const add = (authority: Authority, certificate: CertificateSeen, where: string): void => {
    const key = `${authority} ${certificate.sha256}`;
    const one = found.get(key) ?? { authority, certificate, where: new Set() };
    found.set(key, one);
    one.where.add(where);
  };
  for (const certificate of inKubeconfig(seen)) add('ca', certificate, 'in your kubeconfig');
  for (const { authorities: held = [], authoritiesOf } of etcdPorts(seen))
    for (const certificate of held)
      add('etcd-ca', certificate, authoritiesOf === 'peers' ? 'in the file of etcd’s peers' : 'in --etcd-cacert');
  const published = seen.peek('kube.trust');
  if (published?.state === 'known') {
    for (const one of [...published.value.root, ...published.value.client]) add('ca', one, 'in ConfigMaps of kube-system');
    for (const one of published.value.frontProxy) add('front-proxy-ca', one, 'in ConfigMaps of kube-system');
  }
  for (const set of fileSets(seen))
    for (const authority of authorities)
      for (const { path, certificate } of authoritiesIn(set, authority)) add(authority, certificate, `${set.node} ${path}`);
  return [...found].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, each]) => ({ ...each, where: [...each.where] }));
}

/** Those every cluster has and nobody saw; the front proxy's only machines and the API itself can show. */
export function missingAuthorities(seen: Seen<AuthorityEvidence>): readonly Authority[] {
  const { platform, etcd } = seen.topology;
  const found = new Set(authoritiesSeen(seen).map(({ authority }) => authority));
  const hidden = platform.kind === 'managed' || etcd === 'hidden';
  return authorities.filter((one) => !found.has(one) && !(hidden && one !== 'ca'));
}

/** What was seen of all that this authority signed, or, where no identifiers of keys tell, may have signed by its name; the longest-lived first. */
export function leavesOf(seen: Seen<AuthorityEvidence>, { authority, certificate }: AuthoritySeen): readonly Leaf[] {
  const { keyId, sha256, subject } = certificate;
  const signed = ({ certificate: leaf, signers }: Leaf): boolean => {
    if (signers?.own.includes(sha256) === true) return true;
    if (keyId !== undefined && leaf.authorityKeyId !== undefined) return leaf.authorityKeyId === keyId;
    return signers === undefined && leaf.issuer === subject;
  };
  const places = certificatePlaces(seen).filter(({ role }) => describeRole(role).authority === authority);
  const leaves = places.flatMap((place) => place.leaves).filter(signed);
  return leaves.sort((one, other) => (one.certificate.notAfter < other.certificate.notAfter ? 1 : -1));
}

/** A whole system's store says nothing about the cluster's own authority. */
function inKubeconfig(seen: Seen<AuthorityEvidence>): readonly CertificateSeen[] {
  const kubeconfig = seen.peek('operator.kubeconfig');
  if (kubeconfig?.state !== 'known' || kubeconfig.value.authority !== 'given') return [];
  const entry = seen.peek('lb.tries');
  const direct = seen.topology.masters.map((master) => seen.peek('api.ready', master.subject));
  return [entry, ...direct].flatMap((item) => (item?.state === 'known' ? (item.value.authorities ?? []) : []));
}

function etcdPorts(seen: Seen<AuthorityEvidence>): readonly Knock[] {
  const ports = seen.topology.members.flatMap(({ subject }) => [
    seen.peek('etcd.client-port', subject),
    seen.peek('etcd.peer-port', subject),
  ]);
  return ports.flatMap((item) => (item?.state === 'known' ? [item.value] : []));
}
