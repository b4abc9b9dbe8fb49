// What is a certificate for, and what fails when it has ended?
import type { Impact, Severity } from '../../model/verdict.ts';

export interface CertificateRole {
  /** For people. */
  readonly name: string;
  readonly severity: Severity;
  readonly impact: Impact;
  /** What `kubeadm certs renew` calls it. */
  readonly kubeadm?: string;
}

const grave = { severity: 'critical', impact: 'degraded' } as const;

/** By the name that its file has on a master made by kubeadm. */
const roles: Readonly<Record<string, CertificateRole>> = {
  apiserver: { name: 'API-server', ...grave, kubeadm: 'apiserver' },
  'etcd-server': { name: 'etcd server', ...grave, kubeadm: 'etcd-server' },
  'etcd-peer': { name: 'etcd peer', ...grave, kubeadm: 'etcd-peer' },
  'kubelet-serving': { name: 'kubelet serving', severity: 'warning', impact: 'at-risk' },
  'apiserver-etcd-client': { name: 'etcd client (of the API server)', ...grave, kubeadm: 'apiserver-etcd-client' },
  'apiserver-kubelet-client': { name: 'kubelet client (of the API server)', ...grave, kubeadm: 'apiserver-kubelet-client' },
  'front-proxy-client': { name: 'front-proxy client', ...grave, kubeadm: 'front-proxy-client' },
  'etcd-healthcheck-client': {
    name: 'etcd health-check client',
    severity: 'warning',
    impact: 'at-risk',
    kubeadm: 'etcd-healthcheck-client',
  },
  'kubelet-client': { name: 'kubelet client', ...grave },
};

const otherNames: Readonly<Record<string, string>> = { kubelet: 'kubelet-serving', 'kubelet-server': 'kubelet-serving' };

/** The role a file's name stands for; undefined for authorities, old rotated copies and files of somebody's own. */
export function knownRole(name: string): string | undefined {
  const role = otherNames[name] ?? name;
  return Object.hasOwn(roles, role) ? role : undefined;
}

export function describeRole(role: string): CertificateRole {
  return roles[role] ?? { name: role, ...grave };
}

const servers = new Set(['apiserver', 'etcd-server', 'etcd-peer', 'kubelet-serving']);

/** Whether clients connect to what holds it, so that it has to bear names. */
export function isServerRole(role: string): boolean {
  return servers.has(role);
}
