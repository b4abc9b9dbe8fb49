// How is etcd run on its machines, so that commands meet what is there?
import type { Need, Seen } from '../../model/rule.ts';
import { say } from '../../model/sentence.ts';
import type { Member } from '../../model/topology.ts';
import { commandLineOf } from './command-line.ts';
import { type Home, homeOf } from './component-home.ts';
import { dataFolderOf } from './etcd-flags.ts';

export interface EtcdHome extends Home {
  /** Where the data lie. */
  readonly folder: string;
  /** What has to be so for commands that rest on it. */
  readonly need: Need;
}

export function etcdHome(seen: Seen<'kube.control-plane-pods' | 'here.files'>, members: readonly Member[]): EtcdHome {
  const [first] = members;
  const node = first?.subject.keys.node;
  const home = homeOf(seen, 'etcd', node);
  const { kind } = home;
  if (kind === 'k3s' || kind === 'rke2') {
    const text = 'etcd is part of the server there, not an outside datastore';
    return { ...home, folder: `/var/lib/rancher/${kind}/server/db/etcd`, need: { text, met: 'unknown' } };
  }
  const folder = first === undefined ? '/var/lib/etcd' : dataFolderOf(seen, first);
  if (kind === 'service') {
    const text = say('on its hosts etcd is the unit “etcd”, its data in {folder}', { folder });
    return { ...home, folder, need: { text, met: 'unknown' } };
  }
  const text = say('etcd is a static pod there, its data in {folder}', { folder });
  if (kind === 'other') return { ...home, folder, need: { text, met: 'no' } };
  const isSeen = first !== undefined && commandLineOf(seen, 'etcd', node) !== undefined;
  return { ...home, folder, need: { text, met: isSeen || seen.topology.platform.kind === 'kubeadm' ? 'yes' : 'unknown' } };
}
