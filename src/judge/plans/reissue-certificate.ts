// In which steps is a certificate made anew, where renewing would only copy what is wrong with it?
import { isKubeadm } from '../readings/component-home.ts';
import type { Fix, Need, Seen } from '../../model/rule.ts';
import { say } from '../../model/sentence.ts';
import { describeRole } from '../readings/certificate-role.ts';
import { shellWord } from '../shell-word.ts';
import {
  apiNeed,
  configureBeside,
  copyWithout,
  deleteCopies,
  keepCopy,
  pairFiles,
  pathOnMachine,
  phaseBeside,
  putBack,
  swapPairs,
} from './exchange-files.ts';

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

/** `openssl x509` with these words, of what is served or lies there. */
export function lookAtCertificate(where: string, served: boolean, words: string): string {
  return served
    ? `echo | openssl s_client -connect ${shellWord(where)} 2>/dev/null | openssl x509 -noout ${words}`
    : `openssl x509 -in ${shellWord(where)} -noout ${words}`;
}

/** The server of k3s and RKE2 makes all its certificates itself, while it stands. */
export function rotateAll(kind: 'k3s' | 'rke2'): readonly string[] {
  const unit = kind === 'k3s' ? 'k3s' : 'rke2-server';
  return [`systemctl stop ${unit}`, `${kind} certificate rotate`, `systemctl start ${unit}`];
}

/** One step for one machine: the new pair is made beside the old one, and takes its place when it is proved. */
export function planToReissue({ node, role, where, served, needs = [], look }: Reissue, seen: Seen): Fix {
  const { platform, etcd } = seen.topology;
  const { kubeadm: phase, authority = 'ca' } = describeRole(role);
  const base = {
    where: node,
    risk: 'medium',
    needs,
    verify: [lookAtCertificate(served ? where : pathOnMachine(phase, where), served, look)],
  } as const;
  if (platform.kind === 'k3s' || platform.kind === 'rke2')
    return { ...base, do: say('Let {node} make it anew', { node }), run: rotateAll(platform.kind) };
  const outside = etcd === 'external' && role.startsWith('etcd-');
  if (!isKubeadm(seen) || phase === undefined || outside) {
    const run = [lookAtCertificate(where, served, '-issuer -subject -ext subjectAltName')];
    return { ...base, do: say('Make it anew on {node} with whatever made it', { node }), run };
  }
  return {
    ...base,
    needs: [...needs, { text: say('the key of its authority lies on {node}', { node }), met: 'unknown' }, apiNeed(seen)],
    verify: [...base.verify, ...deleteCopies(seen, 'kept', 'beside')],
    do: say('Make it anew on {node}, as root', { node }),
    run: [
      keepCopy(seen),
      copyWithout(seen, [phase]),
      ...configureBeside(seen, node),
      phaseBeside(seen, `certs ${phase}`),
      swapPairs(seen, authority, [phase]),
      ...restartFor(role),
    ],
    undo: [putBack(seen, ...pairFiles(phase)), ...restartFor(role)],
  };
}

/** API servers and etcd read what they serve from its file again; what they log in with only when they start. */
export function restartFor(role: string): readonly string[] {
  const { restart } = describeRole(role);
  return restart?.startsWith('kube-') ? [restartOf(restart)] : [];
}

/** The kubelet ends a static pod whose manifest is gone and starts it again when that is back. */
export function restartOf(component: string): string {
  const manifest = `/etc/kubernetes/manifests/${component}.yaml`;
  return `mv ${manifest} /root/ && sleep 20 && mv /root/${component}.yaml ${manifest}`;
}
