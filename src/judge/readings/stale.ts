// Which certificates are seen both in use and in their files, and who read a login only at its start?
import type { FileSet, KubeconfigFile } from '../../model/here.ts';
import type { Seen } from '../../model/rule.ts';
import type { Subject } from '../../model/subject.ts';
import { type CertificateEvidence, endOf, type Leaf, type Place, placesOn } from './certificate.ts';

export interface Both {
  readonly place: Place;
  readonly served: Leaf;
  /** The file of that role that lasts longest. */
  readonly file: Leaf;
}

export function bothIn(seen: Seen<CertificateEvidence>, node: string): readonly Both[] {
  return placesOn(seen, node).flatMap((place) => {
    const served = place.leaves.find((leaf) => leaf.served);
    const [file] = place.leaves.filter((leaf) => !leaf.served).sort((one, other) => endOf(other.certificate) - endOf(one.certificate));
    return served === undefined || file === undefined ? [] : [{ place, served, file }];
  });
}

export interface Login {
  readonly node: string;
  readonly role: string;
  readonly component: string;
  readonly file: KubeconfigFile;
}

const components: Readonly<Record<string, string>> = {
  'controller-manager': 'kube-controller-manager',
  scheduler: 'kube-scheduler',
};

/** Certificates embedded in a kubeconfig are read once; one that names a file is read again. */
export function logins({ node, kubeconfigs = [] }: FileSet): readonly Login[] {
  return kubeconfigs.flatMap((file) => {
    const component = components[file.role];
    return component === undefined || file.client === undefined ? [] : [{ node, role: `${file.role}.conf`, component, file }];
  });
}

export function loginOf(set: FileSet, subject: Subject): Login | undefined {
  return logins(set).find(({ role }) => subject.id === `${set.node}/${role}`);
}
