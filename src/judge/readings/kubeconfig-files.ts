// Which kubeconfigs of the control plane lie on a machine, and who reads each of them only when it starts?
import type { FileSet, KubeconfigFile } from '../../model/here.ts';
import type { CertificateSeen } from '../../model/network.ts';

/** By the file's name without `.conf`, as kubeadm makes them. */
const readers: Readonly<Record<string, string | undefined>> = {
  admin: undefined,
  'super-admin': undefined,
  'controller-manager': 'kube-controller-manager',
  scheduler: 'kube-scheduler',
  kubelet: 'kubelet',
};

export function kubeconfigsIn({ kubeconfigs = [] }: FileSet): readonly KubeconfigFile[] {
  return kubeconfigs.filter(({ role }) => Object.hasOwn(readers, role));
}

/** Those that are there and nobody was let read, such as by whoever is not root. */
export function unreadableIn({ unreadable }: FileSet): readonly { readonly role: string; readonly path: string; readonly why: string }[] {
  return unreadable.flatMap(({ path, why }) => {
    const role = /([^/]+)\.(?:conf|kubeconfig)$/.exec(path)?.[1] ?? '';
    return Object.hasOwn(readers, role) ? [{ role, path, why }] : [];
  });
}

/**
 * What it logs in with: in the file itself, or in the one it names. k3s and RKE2 name one for each component; of a copied
 * folder the path is another one, and the name is the same.
 */
export function clientOf({ certificates }: FileSet, { client, clientFile }: KubeconfigFile): CertificateSeen | undefined {
  if (client !== undefined || clientFile === undefined) return client;
  const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
  const same = certificates.filter(({ path, certificate }) => !certificate.isAuthority && nameOf(path) === nameOf(clientFile));
  return (same.find(({ path }) => path === clientFile) ?? same[0])?.certificate;
}

/** Undefined for the files of people, which are read at each use. */
export function readerOf(role: string): string | undefined {
  return readers[role];
}
