// In which steps is a certificate made anew, where renewing would only copy what is wrong with it?
import type { Fix, Need, Seen } from '../../model/rule.ts';
import { say } from '../../model/sentence.ts';
import { describeRole } from '../readings/certificate-role.ts';
import { shellWord } from '../shell-word.ts';

export interface Reissue {
  readonly node: string;
  readonly role: string;
  /** Address or path. */
  readonly where: string;
  readonly served: boolean;
  /** What has to be true of the machine's files first. */
  readonly needs?: readonly Need[];
  /** What the new one is looked at with. */
  readonly look: string;
}

const backup = 'cp -a /etc/kubernetes /root/kubernetes.bak-$(date +%F)';
const restore = 'cp -a /root/kubernetes.bak-$(date +%F)/pki /etc/kubernetes/';
const config = "kubectl -n kube-system get configmap kubeadm-config -o jsonpath='{.data.ClusterConfiguration}' > /root/kubeadm.yaml";

/** `openssl x509` with these words, of what is served or lies there. */
export function lookAtCertificate(where: string, served: boolean, words: string): string {
  return served
    ? `echo | openssl s_client -connect ${shellWord(where)} 2>/dev/null | openssl x509 -noout ${words}`
    : `openssl x509 -in ${shellWord(where)} -noout ${words}`;
}

/** One step for one machine; kubeadm's phases write certificate and key only where there are none. */
export function planToReissue({ node, role, where, served, needs = [], look }: Reissue, seen: Seen): Fix {
  const { platform, etcd } = seen.topology;
  const phase = describeRole(role).kubeadm;
  const base = { where: node, risk: 'medium', needs, verify: [lookAtCertificate(where, served, look)] } as const;
  if (platform.kind === 'k3s' || platform.kind === 'rke2') {
    const unit = platform.kind === 'k3s' ? 'k3s' : 'rke2-server';
    const run = [`systemctl stop ${unit}`, `${platform.kind} certificate rotate`, `systemctl start ${unit}`];
    return { ...base, do: say('Let {node} make it anew', { node }), run };
  }
  const outside = etcd === 'external' && role.startsWith('etcd-');
  if ((platform.kind !== 'kubeadm' && platform.kind !== 'unknown') || phase === undefined || outside) {
    const run = [lookAtCertificate(where, served, '-issuer -subject -ext subjectAltName')];
    return { ...base, do: say('Make it anew on {node} with whatever made it', { node }), run };
  }
  const path = `/etc/kubernetes/pki/${phase.replace(/^etcd-/, 'etcd/')}`;
  return {
    ...base,
    needs: [...needs, { text: say('the key of its authority lies on {node}', { node }), met: 'unknown' }],
    do: say('Make it anew on {node}, as root', { node }),
    run: [
      backup,
      config,
      `mv ${path}.crt ${path}.key /root/`,
      `kubeadm init phase certs ${phase} --config /root/kubeadm.yaml`,
      ...restartFor(role),
    ],
    undo: [restore],
  };
}

/** API servers and etcd read what they serve from its file again; what they log in with only when they start. */
function restartFor(role: string): readonly string[] {
  const component = role.startsWith('apiserver-') || role === 'front-proxy-client' ? 'kube-apiserver' : undefined;
  return component === undefined ? [] : [restartOf(component)];
}

/** The kubelet ends a static pod whose manifest is gone and starts it again when that is back. */
export function restartOf(component: string): string {
  const manifest = `/etc/kubernetes/manifests/${component}.yaml`;
  return `mv ${manifest} /root/ && sleep 20 && mv /root/${component}.yaml ${manifest}`;
}
