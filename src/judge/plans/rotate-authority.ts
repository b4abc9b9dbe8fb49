// In which steps is an authority exchanged while the cluster serves?
import type { Fix, Seen } from '../../model/rule.ts';
import { say } from '../../model/sentence.ts';
import { type Authority, nameOfAuthority } from '../readings/certificate-role.ts';

const page = 'https://kubernetes.io/docs/tasks/tls/manual-rotation-of-ca-certificates/';

/** Old and new are trusted side by side before anything is signed by the new one. */
export function planToRotateAuthority(authority: Authority, seen: Seen): readonly Fix[] {
  const { kind } = seen.topology.platform;
  const name = nameOfAuthority(authority);
  const base = { where: seen.topology.masters[0]?.subject.name ?? 'here', risk: 'high', needs: [], verify: [] } as const;
  if (kind === 'k3s' || kind === 'rke2') {
    const run = [
      `${kind} certificate rotate-ca --path /var/lib/rancher/${kind}/server/rotate-ca   # made by contrib/util/rotate-default-ca-certs.sh`,
    ];
    return [{ ...base, do: say('Exchange the {name} authority by {kind}’s own command', { name, kind }), run }];
  }
  if (kind !== 'kubeadm' && kind !== 'unknown')
    return [{ ...base, risk: 'none', do: say('Exchange the {name} authority as the makers of this distribution say', { name }), run: [] }];
  const file = `/etc/kubernetes/pki/${authority.replace(/^etcd-/, 'etcd/')}`;
  const fresh = '/root/new-ca';
  return [
    {
      ...base,
      do: say('Make a new {name} authority beside the old one, on one master', { name }),
      risk: 'low',
      run: [
        'cp -a /etc/kubernetes /root/kubernetes.bak-$(date +%F)   # on every master',
        `mkdir -m 700 ${fresh}`,
        `openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj '/CN=${authority === 'ca' ? 'kubernetes' : authority}' -keyout ${fresh}/ca.key -out ${fresh}/ca.crt`,
      ],
      needs: [{ text: 'a backup of etcd and of /etc/kubernetes lies elsewhere', met: 'unknown' }],
    },
    {
      ...base,
      do: 'Let everybody trust both: one master at a time, then every kubelet, kubeconfig and service account',
      run: [
        `cat ${file}.crt ${fresh}/ca.crt > /root/both.crt && cp /root/both.crt ${file}.crt`,
        `# the whole order, with kubelets and ConfigMaps: ${page}`,
      ],
      needs: [{ text: 'every other API server serves', met: 'unknown' }],
      verify: [`grep -c BEGIN ${file}.crt   # 2`],
      undo: ['cp -a /root/kubernetes.bak-$(date +%F)/pki /etc/kubernetes/'],
    },
    {
      ...base,
      do: 'Only then sign every certificate by the new one, and drop the old one last',
      run: [
        `cp ${fresh}/ca.key ${file}.key`,
        'kubeadm certs renew all   # on each master, one at a time, with a restart of its static pods',
      ],
      needs: [{ text: 'every client trusts both', met: 'unknown' }],
      verify: ['kubeadm certs check-expiration', 'kubectl ha-doctor certs'],
    },
  ];
}
