// Which certificates lie in the files of control-plane machines that could be read?
import type { CertificateFile, FileSet } from '../../model/here.ts';
import type { Seen } from '../../model/rule.ts';
import { type Authority, describeRole, knownRole } from './certificate-role.ts';

export const fileNeeds = ['here.files', 'here.kubelet', 'here.pki'] as const;
export type FileEvidence = (typeof fileNeeds)[number];

/** One for each machine; none where nobody could look into any. Two folders of one machine are one set. */
export function fileSets(seen: Seen<FileEvidence>): readonly FileSet[] {
  const [here, kubelet, named] = [seen.peek('here.files'), seen.peek('here.kubelet'), seen.peek('here.pki')];
  const own: readonly FileSet[] = here?.state === 'known' ? [here.value] : kubelet?.state === 'known' ? [kubelet.value] : [];
  return named?.state === 'known' ? joined(named.value, own) : own;
}

const joinedBefore = new WeakMap<object, { readonly own: readonly FileSet[]; readonly sets: readonly FileSet[] }>();

/** Thousands of certificates are asked for once for each of them: what follows from one look is found once. */
function joined(named: { readonly sets: readonly FileSet[] }, own: readonly FileSet[]): readonly FileSet[] {
  const before = joinedBefore.get(named);
  if (before !== undefined && before.own[0] === own[0]) return before.sets;
  const byNode = new Map<string, FileSet>();
  for (const set of [...own, ...named.sets]) {
    const other = byNode.get(set.node);
    byNode.set(set.node, other === undefined ? set : join(other, set));
  }
  const sets = [...byNode.values()];
  joinedBefore.set(named, { own, sets });
  return sets;
}

function join(one: FileSet, other: FileSet): FileSet {
  return {
    node: one.node,
    certificates: [...one.certificates, ...other.certificates],
    keys: [...(one.keys ?? []), ...(other.keys ?? [])],
    kubeconfigs: [...(one.kubeconfigs ?? []), ...(other.kubeconfigs ?? [])],
    unreadable: [...one.unreadable, ...other.unreadable],
  };
}

export interface RoleFile {
  readonly node: string;
  readonly role: string;
  readonly files: readonly CertificateFile[];
  /** sha256 of the authorities there that may sign for this role. */
  readonly expected: readonly string[];
}

const readBefore = new WeakMap<FileSet, readonly RoleFile[]>();

/** By role, what lies there for it. Rotated copies, authorities and files of somebody's own are left out. */
export function roleFilesIn(set: FileSet): readonly RoleFile[] {
  const before = readBefore.get(set);
  if (before !== undefined) return before;
  const roles = new Map<string, CertificateFile[]>();
  for (const file of set.certificates) {
    const role = file.certificate.isAuthority ? undefined : knownRole(file.role);
    if (role !== undefined) roles.set(role, [...(roles.get(role) ?? []), file]);
  }
  const found = [...roles].map(([role, files]) => ({
    node: set.node,
    role,
    files,
    expected: digestsOf(set, describeRole(role).authority),
  }));
  readBefore.set(set, found);
  return found;
}

/** Certificates of one authority; a file may hold an old and a new one. */
export function authoritiesIn(set: FileSet, authority: Authority): readonly CertificateFile[] {
  return set.certificates.filter((file) => file.role === authority && file.certificate.isAuthority);
}

function digestsOf(set: FileSet, authority: Authority | undefined): readonly string[] {
  return authority === undefined ? [] : authoritiesIn(set, authority).map((file) => file.certificate.sha256);
}
