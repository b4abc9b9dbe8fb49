// Which certificates lie in the files of control-plane machines that could be read?
import type { CertificateFile, FileSet } from '../../model/here.ts';
import type { Seen } from '../../model/rule.ts';
import { knownRole } from './certificate-role.ts';

export type FileEvidence = 'here.files';

/** One for each machine; none where nobody could look into any. */
export function fileSets(seen: Seen<FileEvidence>): readonly FileSet[] {
  const here = seen.peek('here.files');
  return here?.state === 'known' ? [here.value] : [];
}

export interface RoleFile {
  readonly node: string;
  readonly role: string;
  readonly files: readonly CertificateFile[];
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
  const found = [...roles].map(([role, files]) => ({ node: set.node, role, files }));
  readBefore.set(set, found);
  return found;
}
