// Are the files of a master read without taking a key along, and is any other machine a gap?
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import files from '../../../../src/probes/here/files.ts';
import { clusterSubject } from '../../../../src/model/subject.ts';
import type { Source } from '../../../../src/sources/source.ts';
import { surroundings } from '../kit/around.ts';
import { Authority, temporaryFolder } from '../kit/authority.ts';

const folder = temporaryFolder();
afterAll(folder.remove);

const manifest = `apiVersion: v1
kind: Pod
metadata: {name: etcd, namespace: kube-system, annotations: {kubeadm.kubernetes.io/etcd.advertise-client-urls: https://10.0.0.1:2379}}
spec:
  containers:
  - name: etcd
    command: [etcd, --data-dir=/var/lib/etcd]
    args: [--extra]
    env: [{name: PASSWORD, value: hunter2}]
`;

/** A file system whose root is a folder of the test's own. */
function rooted(root: string): (source: Source) => Partial<Source> {
  return (source) => ({
    file: (path) => source.file(join(root, path)),
    publicParts: (path) => source.publicParts(join(root, path)),
    folder: async (path) => (await source.folder(join(root, path))).map((found) => found.slice(root.length)),
  });
}

function write(root: string, path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

function machine(name: string): string {
  const root = join(folder.path, name);
  const authority = new Authority(folder.path);
  write(root, '/etc/hostname', 'm1.example.org\n');
  write(root, '/etc/kubernetes/manifests/etcd.yaml', manifest);
  write(root, '/etc/kubernetes/manifests/notes.txt', 'not a manifest');
  write(root, '/etc/kubernetes/pki/ca.crt', authority.own.certificate);
  write(root, '/etc/kubernetes/pki/apiserver.crt', authority.issue().certificate);
  write(root, '/etc/kubernetes/pki/apiserver.key', authority.issue().key);
  write(root, '/etc/kubernetes/pki/etcd/server.crt', authority.issue({ subject: '/CN=m1' }).certificate);
  const kubelet = authority.issue({ subject: '/O=system:nodes/CN=system:node:m1' });
  write(root, '/var/lib/kubelet/pki/kubelet-client-2026.pem', kubelet.certificate + kubelet.key);
  symlinkSync('kubelet-client-2026.pem', join(root, '/var/lib/kubelet/pki/kubelet-client-current.pem'));
  return root;
}

async function look(root: string) {
  const { raw } = await files.gather(clusterSubject, await surroundings({ divert: rooted(root) }));
  return { raw, seen: files.read(raw) };
}

describe('here.files', () => {
  test('certificates with their roles, commands, and the name the API knows', async () => {
    const { seen } = await look(machine('good'));
    expect(seen.node).toBe('m1');
    expect(seen.certificates.map((one) => one.role).sort()).toEqual([
      'apiserver',
      'ca',
      'etcd-server',
      'kubelet-client',
      'kubelet-client-2026',
    ]);
    expect(seen.certificates.find((one) => one.role === 'etcd-server')).toMatchObject({
      path: '/etc/kubernetes/pki/etcd/server.crt',
      certificate: { subject: 'CN=m1' },
    });
    expect(seen.manifests).toEqual([
      { path: '/etc/kubernetes/manifests/etcd.yaml', component: 'etcd', command: ['etcd', '--data-dir=/var/lib/etcd', '--extra'] },
    ]);
    expect(seen.unreadable).toEqual([]);
  });

  test('neither keys nor passwords are kept', async () => {
    const { raw } = await look(machine('secret'));
    expect(raw).not.toMatch(/PRIVATE KEY|hunter2|PASSWORD/);
  });

  test('broken files are named, and the others still read', async () => {
    const root = machine('broken');
    write(root, '/etc/kubernetes/manifests/kube-apiserver.yaml', 'a: [b\u001b[31m');
    write(root, '/etc/kubernetes/pki/front-proxy-ca.crt', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
    write(root, '/etc/kubernetes/pki/front-proxy-client.crt', '');
    const { seen } = await look(root);
    expect(seen.manifests).toHaveLength(1);
    expect(seen.certificates).toHaveLength(5);
    expect(seen.unreadable.map((one) => one.path).sort()).toEqual([
      '/etc/kubernetes/manifests/kube-apiserver.yaml',
      '/etc/kubernetes/pki/front-proxy-ca.crt',
      '/etc/kubernetes/pki/front-proxy-client.crt',
    ]);
  });

  test('the hostname stands in where no kubelet certificate is readable', async () => {
    const root = join(folder.path, 'bare');
    cpSync(machine('full'), root, { recursive: true, filter: (path) => !path.includes('kubelet') });
    const { seen } = await look(root);
    expect(seen.node).toBe('m1.example.org');
    expect(seen.unreadable).toEqual([]);
  });

  test('a machine without static pods is a gap', async () => {
    await expect(look(join(folder.path, 'laptop'))).rejects.toMatchObject({
      gap: { gap: 'absent', howToGet: expect.stringContaining('master') },
    });
  });
});
