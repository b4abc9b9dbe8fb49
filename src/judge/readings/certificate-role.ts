// What is a certificate for, and what fails when it has ended?
import type { Impact, Severity } from '../../model/verdict.ts';

export interface CertificateRole {
  /** For people. */
  readonly name: string;
  readonly severity: Severity;
  readonly impact: Impact;
  /** What `kubeadm certs renew` calls it. */
  readonly kubeadm?: string;
  /** The authority that has to have signed it. */
  readonly authority?: Authority;
  /** Who reads it only when it starts, and so has to be started anew after a renewal; absent where a new file is read by itself. */
  readonly restart?: string;
  /** What it has to be allowed for. */
  readonly usages: readonly ('server' | 'client')[];
}

/** As kubeadm's files call them. */
export const authorities = ['ca', 'etcd-ca', 'front-proxy-ca'] as const;
export type Authority = (typeof authorities)[number];

const authorityNames: Readonly<Record<Authority, string>> = {
  ca: 'Kubernetes',
  'etcd-ca': 'etcd',
  'front-proxy-ca': 'front-proxy',
};

/** For people: `the … authority`. */
export function nameOfAuthority(authority: string): string {
  return authorityNames[authority as Authority] ?? authority;
}

const grave = { severity: 'critical', impact: 'degraded' } as const;

/**
 * By the name that its file has on a master made by kubeadm; who reads files again by themselves: dynamiccertificates of
 * k8s.io/apiserver and GetCertificate of etcd's transport package (seen in the lab); usages by
 * kubernetes.io/docs/setup/best-practices/certificates.
 */
const roles: Readonly<Record<string, CertificateRole>> = {
  apiserver: { name: 'API-server', ...grave, kubeadm: 'apiserver', authority: 'ca', usages: ['server'] },
  'etcd-server': { name: 'etcd server', ...grave, kubeadm: 'etcd-server', authority: 'etcd-ca', usages: ['server'] },
  'etcd-peer': { name: 'etcd peer', ...grave, kubeadm: 'etcd-peer', authority: 'etcd-ca', usages: ['server', 'client'] },
  'kubelet-serving': { name: 'kubelet serving', severity: 'warning', impact: 'at-risk', restart: 'kubelet', usages: ['server'] },
  'controller-manager-serving': {
    name: 'controller-manager serving',
    severity: 'warning',
    impact: 'at-risk',
    restart: 'kube-controller-manager',
    usages: ['server'],
  },
  'scheduler-serving': { name: 'scheduler serving', severity: 'warning', impact: 'at-risk', restart: 'kube-scheduler', usages: ['server'] },
  'apiserver-etcd-client': {
    name: 'etcd client (of the API server)',
    ...grave,
    kubeadm: 'apiserver-etcd-client',
    authority: 'etcd-ca',
    restart: 'kube-apiserver',
    usages: ['client'],
  },
  'apiserver-kubelet-client': {
    name: 'kubelet client (of the API server)',
    ...grave,
    kubeadm: 'apiserver-kubelet-client',
    authority: 'ca',
    restart: 'kube-apiserver',
    usages: ['client'],
  },
  'front-proxy-client': {
    name: 'front-proxy client',
    ...grave,
    kubeadm: 'front-proxy-client',
    authority: 'front-proxy-ca',
    usages: ['client'],
  },
  'etcd-healthcheck-client': {
    name: 'etcd health-check client',
    severity: 'warning',
    impact: 'at-risk',
    kubeadm: 'etcd-healthcheck-client',
    authority: 'etcd-ca',
    usages: ['client'],
  },
  'kubelet-client': { name: 'kubelet client', ...grave, authority: 'ca', usages: ['client'] },
};

const otherNames: Readonly<Record<string, string>> = { kubelet: 'kubelet-serving', 'kubelet-server': 'kubelet-serving' };

/** The role a file's name stands for; undefined for authorities, old rotated copies and files of somebody's own. */
export function knownRole(name: string): string | undefined {
  const role = otherNames[name] ?? name;
  return Object.hasOwn(roles, role) ? role : undefined;
}

export function describeRole(role: string): CertificateRole {
  return roles[role] ?? { name: role, ...grave, usages: [] };
}

/** What kubeadm lets this authority sign on a master. */
export function rolesSignedBy(authority: Authority): readonly string[] {
  return Object.values(roles).flatMap((role) => (role.authority === authority ? (role.kubeadm ?? []) : []));
}

/** Whether clients connect to what holds it, so that it has to bear names. */
export function isServerRole(role: string): boolean {
  return describeRole(role).usages.includes('server');
}

/** Whether nothing checks it unless somebody chose so: then the process makes one for itself. */
export function isUnverified(role: string): boolean {
  return role === 'kubelet-serving' || role === 'controller-manager-serving' || role === 'scheduler-serving';
}
