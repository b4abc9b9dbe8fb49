// Which kubeconfigs of the control plane lie on a machine, and who reads each of them only when it starts?
import type { FileSet, KubeconfigFile } from '../../model/here.ts';

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

/** Undefined for the files of people, which are read at each use. */
export function readerOf(role: string): string | undefined {
  return readers[role];
}
