// What can safely be prepared before an authority is exchanged, and where is the rest written?
import { isKubeadm } from '../readings/component-home.ts';
import type { Fix, Seen } from '../../model/rule.ts';
import { say } from '../../model/sentence.ts';
import { type Authority, nameOfAuthority } from '../readings/certificate-role.ts';
import { besideFolder, deleteCopies, keepCopy, pairPath } from './exchange-files.ts';

const page = 'https://kubernetes.io/docs/tasks/tls/manual-rotation-of-ca-certificates/';

/**
 * Only the safe preparation. An authority's certificate and key have to change together, on every master, with those of
 * kubelets, kubeconfigs and ConfigMaps between: an order that no few lines hold.
 */
export function planToRotateAuthority(authority: Authority, seen: Seen): readonly Fix[] {
  const { kind } = seen.topology.platform;
  const name = nameOfAuthority(authority);
  const base = { where: seen.topology.masters[0]?.subject.name ?? 'here', risk: 'high', needs: [], verify: [] } as const;
  if (kind === 'k3s' || kind === 'rke2') {
    const run = [
      `${kind} certificate rotate-ca --path /var/lib/rancher/${kind}/server/rotate-ca   # made by contrib/util/rotate-default-ca-certs.sh`,
    ];
    const needs = [{ text: 'a copy of /var/lib/rancher lies elsewhere', met: 'unknown' as const }];
    return [{ ...base, do: say('Exchange the {name} authority by {kind}’s own command', { name, kind }), run, needs }];
  }
  if (!isKubeadm(seen))
    return [{ ...base, risk: 'none', do: say('Exchange the {name} authority as the makers of this distribution say', { name }), run: [] }];
  const beside = besideFolder(seen);
  const made = `${beside}/${pairPath(authority)}`;
  return [
    {
      ...base,
      do: say('Make a new {name} authority beside the old one, on one master; nothing uses it yet', { name }),
      risk: 'low',
      run: [
        `${keepCopy(seen)}   # on every master`,
        `install -d -m 700 ${beside} ${beside}/pki && kubeadm init phase certs ${authority} --cert-dir ${beside}/pki`,
      ],
      needs: [{ text: 'a backup of etcd and of /etc/kubernetes lies elsewhere', met: 'unknown' }],
      verify: [`openssl x509 -in ${made}.crt -noout -subject -enddate && ls -l ${made}.key`],
    },
    {
      ...base,
      do: say('Then follow the official order to its end: all trust both before anything is signed by the new one. {page}', { page }),
      run: [],
      needs: [
        { text: 'every API server serves', met: 'unknown' },
        { text: 'a window in which every master and every kubelet may restart', met: 'unknown' },
      ],
      verify: ['kubeadm certs check-expiration', 'kubectl ha-doctor certs', ...deleteCopies(seen, 'kept', 'beside')],
    },
  ];
}
