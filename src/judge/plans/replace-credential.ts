// What to do about a credential that is refused?
import { homeOf } from '../readings/component-home.ts';
import { showSettings } from './change-settings.ts';
import type { Fix, Seen } from '../../model/rule.ts';

/** @param node where kubeadm's own certificates can be renewed; absent where the credential is no certificate. */
export function planToReplaceCredential(node: string | undefined): readonly Fix[] {
  const whoami: Fix = {
    do: 'See who the API takes you for',
    where: 'here',
    run: ['kubectl auth whoami', 'kubectl config view --minify'],
    risk: 'none',
    needs: [],
    verify: [],
  };
  if (node === undefined) return [whoami];
  const renew: Fix = {
    do: 'If it is kubeadm’s own: renew it there and fetch the new file',
    where: node,
    run: ['kubeadm certs check-expiration', 'kubeadm certs renew admin.conf   # then copy /etc/kubernetes/admin.conf'],
    risk: 'medium',
    needs: [{ text: '/etc/kubernetes/pki/ca.key is there', met: 'unknown' }],
    verify: ['kubectl auth can-i get pods -A'],
  };
  return [whoami, renew];
}

/** One API server refuses what the others accept: the difference lies in what it trusts. */
export function planToCompareServer(seen: Seen, node: string): readonly Fix[] {
  const home = homeOf(seen, 'kube-apiserver', node);
  return [
    {
      do: 'Compare what this API server trusts with the others: authorities, keys, clock',
      where: node,
      run: [
        ...(home.kind === 'static-pod' ? ['sha256sum /etc/kubernetes/pki/ca.crt /etc/kubernetes/pki/sa.pub'] : []),
        ...showSettings(home, 'client-ca-file|service-account-key|authentication-config|oidc'),
        'date -u',
      ],
      risk: 'none',
      needs: [],
      verify: [],
    },
  ];
}
