// Are a worker's own files read, kubeadm's and k3s's, without a key, and is a master or any other machine a gap?
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { clusterSubject } from '../../../../src/model/subject.ts';
import kubelet from '../../../../src/probes/here/kubelet.ts';
import type { Source } from '../../../../src/sources/source.ts';
import { surroundings } from '../kit/around.ts';
import { Authority, temporaryFolder } from '../kit/authority.ts';

const folder = temporaryFolder();
afterAll(folder.remove);
const authority = new Authority(folder.path);

function rooted(root: string): (source: Source) => Partial<Source> {
  return (source) => ({
    file: (path) => source.file(join(root, path)),
    publicParts: (path) => source.publicParts(join(root, path)),
    folder: async (path) => (await source.folder(join(root, path))).map((found) => found.slice(root.length)),
  });
}

function machine(name: string, files: Readonly<Record<string, string>>): string {
  const root = join(folder.path, name);
  for (const [path, text] of Object.entries({ '/etc/hostname': `${name}\n`, ...files })) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

const absent = { gap: 'absent', detail: 'this machine runs no static pods of a control plane', howToGet: '' } as const;

async function look(root: string, more: object = { gaps: { 'here.files': absent } }) {
  const { raw } = await kubelet.gather(clusterSubject, await surroundings({ divert: rooted(root), ...more }));
  return { raw, seen: kubelet.read(raw) };
}

const login = authority.issue({ subject: '/O=system:nodes/CN=system:node:w1' });
const kubeconfig = (file: string): string =>
  `apiVersion: v1\nkind: Config\nclusters: [{name: k, cluster: {server: 'https://10.89.0.10:8443'}}]\nusers: [{name: k, user: {client-certificate: ${file}}}]\n`;

test('kubeadm: what it logs in and serves with, its kubeconfig and its authority, by the name it logs in as', async () => {
  const current = '/var/lib/kubelet/pki/kubelet-client-current.pem';
  const root = machine('host-7', {
    '/etc/kubernetes/kubelet.conf': kubeconfig(current),
    '/etc/kubernetes/pki/ca.crt': authority.own.certificate,
    '/var/lib/kubelet/pki/kubelet.crt': authority.issue().certificate,
    '/var/lib/kubelet/pki/kubelet-client-2026.pem': login.certificate + login.key,
    '/var/lib/kubelet/config.yaml': 'password: hunter2\n',
  });
  symlinkSync('kubelet-client-2026.pem', join(root, current));
  const { raw, seen } = await look(root);
  expect(raw).not.toMatch(/PRIVATE KEY|hunter2/);
  expect(seen.node).toBe('w1');
  const roles = seen.certificates.map(({ role }) => role);
  expect(roles).toEqual(expect.arrayContaining(['ca', 'kubelet', 'kubelet-client']));
  expect(seen.certificates.find(({ role }) => role === 'kubelet-client')?.signedBy).toHaveLength(1);
  expect(seen.kubeconfigs).toMatchObject([{ role: 'kubelet', clientFile: current }]);
});

test('k3s: by the names it gives them', async () => {
  const agent = '/var/lib/rancher/k3s/agent';
  const { seen } = await look(
    machine('w2', {
      [`${agent}/client-kubelet.crt`]: login.certificate,
      [`${agent}/serving-kubelet.crt`]: authority.issue().certificate,
      [`${agent}/server-ca.crt`]: authority.own.certificate,
    }),
  );
  expect(seen.certificates.map(({ role }) => role).sort()).toEqual(['ca', 'kubelet-client', 'kubelet-serving']);
});

test('a master, a machine without a kubelet, and one where nobody could say which it is, are gaps', async () => {
  const worker = machine('w3', { '/var/lib/kubelet/pki/kubelet.crt': authority.issue().certificate });
  const master = { values: { 'here.files': { node: 'm1' } } };
  await expect(look(worker, master)).rejects.toMatchObject({ gap: { gap: 'absent', detail: expect.stringContaining('is a master') } });
  const slow = { gaps: { 'here.files': { gap: 'timeout', detail: 'slow', howToGet: 'again' } } };
  await expect(look(worker, slow)).rejects.toMatchObject({ gap: { gap: 'timeout' } });
  await expect(look(machine('laptop', {}))).rejects.toMatchObject({
    gap: { gap: 'absent', detail: expect.stringContaining('no kubelet') },
  });
});
