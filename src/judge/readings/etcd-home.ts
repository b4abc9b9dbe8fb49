// How is etcd run on its machines, so that commands meet what is there?
import type { Need, Seen } from '../../model/rule.ts';
import { say } from '../../model/sentence.ts';
import type { Member } from '../../model/topology.ts';
import { commandLineOf } from './command-line.ts';
import { dataFolderOf } from './etcd-flags.ts';

export interface EtcdHome {
  /** `static-pod`: as kubeadm does it · `service`: a unit of its own · `k3s`, `rke2`: inside the server · `other`: somebody else's way. */
  readonly kind: 'static-pod' | 'service' | 'k3s' | 'rke2' | 'other';
  /** Where the data lie. */
  readonly folder: string;
  /** What has to be so for commands that rest on it. */
  readonly need: Need;
}

export function etcdHome(seen: Seen, members: readonly Member[]): EtcdHome {
  const [first] = members;
  const folder = first === undefined ? '/var/lib/etcd' : dataFolderOf(seen, first);
  const { etcd, platform } = seen.topology;
  if (etcd === 'external') {
    const text = say('on its hosts etcd is the unit “etcd”, its data in {folder}', { folder });
    return { kind: 'service', folder, need: { text, met: 'unknown' } };
  }
  const text = say('etcd is a static pod there, its data in {folder}', { folder });
  if (platform.kind === 'k3s' || platform.kind === 'rke2')
    return { kind: platform.kind, folder, need: { text: 'etcd is part of the server there, not an outside datastore', met: 'unknown' } };
  if (platform.kind === 'talos' || platform.kind === 'openshift') return { kind: 'other', folder, need: { text, met: 'no' } };
  const isSeen = first !== undefined && commandLineOf(seen, 'etcd', first.subject.keys.node) !== undefined;
  return { kind: 'static-pod', folder, need: { text, met: isSeen || platform.kind === 'kubeadm' ? 'yes' : 'unknown' } };
}
