// How does a world come to show other certificates than healthy ones?
import type { CertificateFile, FileSet, KeyFile, KubeconfigFile } from '../../src/model/here.ts';
import type { CertificateSeen, Trust } from '../../src/model/network.ts';
import { answered, certificate, healthyWorld, now, type World } from './world.ts';

export const day = 86_400_000;

export function iso(moment: number): string {
  return new Date(moment).toISOString();
}

/** What describes a certificate made by kubeadm beyond its dates and names. */
export const made: Partial<CertificateSeen> = {
  key: { type: 'RSA', bits: 2048 },
  signature: 'sha256WithRSAEncryption',
  usages: ['server'],
  authorityKeyId: 'aa01',
  publicKey: 'ab'.repeat(32),
};

/** The API server on this node shows such a certificate to whoever asks it directly. */
export function serves(node: string, change: Partial<CertificateSeen>, world = healthyWorld(), trust: Trust = { kind: 'trusted' }): World {
  return world.set('api.ready', node, { tries: [answered(node, 200, 'ok', { chain: [certificate(node, change)], trust })] });
}

/** One of the ports that are only knocked at shows it. */
export function showsOn(
  id: 'etcd.client-port' | 'etcd.peer-port' | 'node.kubelet-port',
  node: string,
  change: Partial<CertificateSeen>,
  world = healthyWorld(),
): World {
  return world.set(id, node, (old) => ({ ...old, chain: old.chain.map((leaf) => ({ ...leaf, ...change })) }));
}

export interface Files {
  readonly certificates?: readonly CertificateFile[];
  readonly keys?: readonly KeyFile[];
  readonly kubeconfigs?: readonly KubeconfigFile[];
}

/** The tool runs on m2, where these files lie. */
export function withFiles(files: Files, world = healthyWorld()): World {
  return world.set('here.files', undefined, { ...fileSet('m2', files), manifests: [] });
}

export function fileSet(node: string, files: Files): FileSet {
  return { node, certificates: [], keys: [], kubeconfigs: [], unreadable: [], ...files };
}

/** A file of kubeadm's for this role. */
export function file(role: string, change: Partial<CertificateSeen> = {}, more: Partial<CertificateFile> = {}): CertificateFile {
  const path = `/etc/kubernetes/pki/${role.replace(/^etcd-/, 'etcd/')}.crt`;
  return { path, role, certificate: certificate('m2', { ...made, ...change }), modifiedAt: now - day, ...more };
}

/** An authority's file; `tag` makes its digest. */
export function authorityFile(
  role: 'ca' | 'etcd-ca' | 'front-proxy-ca',
  tag: string,
  change: Partial<CertificateSeen> = {},
): CertificateFile {
  const { certificate: base, ...rest } = file(role);
  return {
    ...rest,
    certificate: {
      ...base,
      sha256: tag.padEnd(64, 'c'),
      subject: `CN=${role}`,
      issuer: `CN=${role}`,
      isAuthority: true,
      usages: [],
      ...change,
    },
  };
}

/** A private key beside the certificate of this role; by default the right one. */
export function keyFile(role: string, change: Partial<KeyFile> = {}): KeyFile {
  const path = `/etc/kubernetes/pki/${role.replace(/^etcd-/, 'etcd/')}.key`;
  return { path, publicKey: 'ab'.repeat(32), open: false, isPublic: false, ...change };
}

/** A component's kubeconfig that the `ca` of the same machine signed. */
export function kubeconfigFile(role: string, change: Partial<KubeconfigFile> = {}): KubeconfigFile {
  const ca = authorityFile('ca', 'good').certificate;
  return {
    path: `/etc/kubernetes/${role}.conf`,
    role,
    server: 'https://10.89.0.12:6443',
    authorities: [ca],
    client: certificate('m2', { ...made, subject: `CN=system:kube-${role}` }),
    signedBy: [ca.sha256],
    publicKey: 'ab'.repeat(32),
    modifiedAt: now - 300 * day,
    ...change,
  };
}
