// Are folders of certificates read whole, without a key, and hostile files answered by one sentence each?
import { execFileSync } from 'node:child_process';
import { createHash, createPublicKey } from 'node:crypto';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import pki from '../../../../src/probes/here/pki.ts';
import { clusterSubject } from '../../../../src/model/subject.ts';
import { surroundings } from '../kit/around.ts';
import { Authority, type Issued, temporaryFolder } from '../kit/authority.ts';
import { rsaAuthority, rsaCertificate } from '../../sources/kit/pki.ts';

const folder = temporaryFolder();
afterAll(folder.remove);
const authority = new Authority(folder.path);

let count = 0;
function machine(files: Readonly<Record<string, string>>): string {
  const root = join(folder.path, `machine-${++count}`);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text, { mode: 0o600 });
  }
  return root;
}

async function look(...pkiDirs: { readonly node?: string; readonly path: string }[]) {
  const { raw } = await pki.gather(clusterSubject, await surroundings({ settings: { pkiDirs } }));
  return { raw, sets: pki.read(raw).sets };
}

function digestOf({ key }: Pick<Issued, 'key'>): string {
  return createHash('sha256')
    .update(createPublicKey(key).export({ type: 'spki', format: 'der' }))
    .digest('hex');
}

function pem(der: Uint8Array): string {
  return `-----BEGIN CERTIFICATE-----\n${Buffer.from(der).toString('base64')}\n-----END CERTIFICATE-----\n`;
}

test('when a copy was written, and who may read it, is not told of the machine’s own file', async () => {
  const issued = authority.issue();
  const root = machine({ 'pki/apiserver.crt': issued.certificate, 'pki/apiserver.key': issued.key });
  chmodSync(join(root, 'pki/apiserver.key'), 0o644);
  const { sets } = await look({ node: 'm1', path: root });
  expect(sets[0]?.certificates).toHaveLength(1);
  expect(sets[0]?.certificates[0]).not.toHaveProperty('modifiedAt');
  expect(sets[0]?.keys).toMatchObject([{ open: false }]);
});

describe('a folder like /etc/kubernetes', () => {
  test('signers by signature, keys by the digest of their public half, the kubeconfig without its key', async () => {
    const [api, foreign, admin] = [
      authority.issue(),
      new Authority(folder.path).issue(),
      authority.issue({ subject: '/O=system:masters/CN=kubernetes-admin' }),
    ];
    const base64 = (text: string): string => Buffer.from(text).toString('base64');
    const kubeconfig = `apiVersion: v1
kind: Config
current-context: c
contexts: [{name: c, context: {cluster: k, user: u}}]
clusters: [{name: k, cluster: {server: "https://10.0.0.1:6443", certificate-authority-data: ${base64(authority.own.certificate)}}}]
users: [{name: u, user: {client-certificate-data: ${base64(admin.certificate)}, client-key-data: ${base64(admin.key)}}}]
`;
    const root = machine({
      'pki/ca.crt': authority.own.certificate,
      'pki/apiserver.crt': api.certificate,
      'pki/apiserver.key': api.key,
      'pki/front-proxy-client.crt': foreign.certificate,
      'pki/etcd/peer.crt': authority.issue().certificate,
      'admin.conf': kubeconfig,
      'notes.txt': 'nothing',
    });
    const { raw, sets } = await look({ node: 'm1', path: root });
    const [set] = sets;
    const own = set?.certificates.find(({ role }) => role === 'ca')?.certificate.sha256;
    expect(set).toMatchObject({ node: 'm1', unreadable: [] });
    expect(set?.certificates.map(({ role, signedBy }) => `${role} ${signedBy?.[0] === own}`).sort()).toEqual(
      ['apiserver true', 'ca true', 'etcd-peer true', 'front-proxy-client false'].sort(),
    );
    expect(set?.keys).toEqual([{ path: join(root, 'pki/apiserver.key'), publicKey: digestOf(api), open: false, isPublic: false }]);
    expect(set?.certificates.find(({ role }) => role === 'apiserver')?.certificate.publicKey).toBe(digestOf(api));
    expect(set?.kubeconfigs).toMatchObject([
      { role: 'admin', server: 'https://10.0.0.1:6443', publicKey: digestOf(admin), signedBy: [own] },
    ]);
    expect(set?.kubeconfigs?.[0]?.client?.subject).toContain('CN=kubernetes-admin');
    expect(raw).not.toMatch(/PRIVATE KEY/);
    expect(raw).not.toContain(base64(admin.key).slice(0, 60));
  });

  test('k3s calls the same things by other names, and RSA is read as well', async () => {
    const rsa = rsaAuthority('k3s-server-ca');
    const leaf = rsaCertificate({ name: 'kube-apiserver', hosts: ['10.0.0.1'] }, rsa);
    const root = machine({
      'tls/server-ca.crt': rsa.certificate,
      'tls/serving-kube-apiserver.crt': leaf.certificate,
      'tls/etcd/peer-server-client.crt': leaf.certificate,
    });
    const [set] = (await look({ node: 's1', path: root })).sets;
    expect(set?.certificates.map(({ role, signedBy }) => `${role} ${signedBy?.length}`)).toEqual(['etcd-peer 1', 'ca 1', 'apiserver 1']);
    expect(set?.certificates[2]?.certificate).toMatchObject({
      key: { type: 'RSA', bits: 2048 },
      signature: 'sha256WithRSAEncryption',
      usages: ['client', 'server'],
    });
  });

  test('the kubelet’s certificate names the machine, else the folder does', async () => {
    const kubelet = authority.issue({ subject: '/O=system:nodes/CN=system:node:m7' });
    const [named, bare] = (
      await look(
        { path: machine({ 'kubelet-client-current.pem': kubelet.certificate }) },
        { path: machine({ 'ca.crt': authority.own.certificate }) },
      )
    ).sets;
    expect(named?.node).toBe('m7');
    expect(bare?.node).toMatch(/machine-\d+$/);
  });

  test('a folder that is not there is named, and none at all is a gap', async () => {
    expect((await look({ node: 'm1', path: join(folder.path, 'nowhere') })).sets[0]?.unreadable).toHaveLength(1);
    await expect(look()).rejects.toMatchObject({ gap: { gap: 'not-collected', howToGet: expect.stringContaining('--pki-dir') } });
  });
});

describe('hostile certificates are one sentence each, and hide no other', () => {
  const good = authority.issue();
  const der = Buffer.from(good.der, 'base64');
  const spoilt = (find: RegExp, by: string): Buffer => {
    const text = der.toString('latin1');
    const at = text.search(find);
    return Buffer.concat([der.subarray(0, at), Buffer.from(by, 'latin1'), der.subarray(at + by.length)]);
  };

  async function answerTo(text: string): Promise<string> {
    const [set] = (await look({ node: 'm1', path: machine({ 'a.crt': text, 'apiserver.crt': good.certificate }) })).sets;
    expect(set?.certificates.map(({ role }) => role)).toContain('apiserver');
    const [said, ...more] = set?.unreadable ?? [];
    expect(more).toEqual([]);
    expect(said?.why ?? '').not.toMatch(/[\n\p{Cc}]/u);
    return said?.why ?? '';
  }

  test('garbage', async () => expect(await answerTo(pem(Buffer.from('garbage garbage garbage')))).toBe('the bytes are not a certificate'));
  test('hundreds in one file', async () =>
    expect(await answerTo(authority.own.certificate.repeat(400))).toBe('of its 400 certificates only the first 50 are read'));
  test('cut off', async () => expect(await answerTo(pem(der.subarray(0, 200)))).toBe('the bytes are not a certificate'));
  test('10 MB', async () =>
    expect(await answerTo(pem(Buffer.alloc(10_000_000, 0x30)))).toMatch(/^a certificate of \d+ bytes is not read$/));
  test('a file of 20 MB', async () => expect(await answerTo('x'.repeat(20_000_000))).toMatch(/is longer than/));
  test('a date that is none', async () =>
    expect(await answerTo(pem(spoilt(/\d{12}Z/, 'XXXXXXXXXXXXZ')))).toMatch(/date .* cannot be read|not a certificate/));

  test('10 000 alternative names', async () => {
    const config = join(folder.path, 'many.cnf');
    const names = Array.from({ length: 10_000 }, (_, index) => `DNS.${index} = host-${index}.example.org`).join('\n');
    writeFileSync(
      config,
      `[req]\ndistinguished_name=dn\nx509_extensions=ext\nprompt=no\n[dn]\nCN=many\n[ext]\nsubjectAltName=@alt\n[alt]\n${names}\n`,
    );
    const out = join(folder.path, 'many.crt');
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:P-256',
        '-nodes',
        '-config',
        config,
        '-keyout',
        '/dev/null',
        '-out',
        out,
      ],
      { stdio: 'pipe' },
    );
    const { readFileSync } = await import('node:fs');
    expect(await answerTo(readFileSync(out, 'utf8'))).toMatch(/^a certificate of \d+ bytes is not read$/);
  });

  test('dates before and after all calendars of this program, and names that command a terminal, are told harmlessly', async () => {
    const odd = authority.issue({ subject: '/CN=red\u001b[31m\u0007x', from: Date.UTC(1950, 0, 1), until: Date.UTC(9999, 11, 31) });
    const [set] = (await look({ node: 'm1', path: machine({ 'apiserver.crt': odd.certificate }) })).sets;
    expect(set?.unreadable).toEqual([]);
    expect(set?.certificates[0]?.certificate).toMatchObject({
      notBefore: '1950-01-01T00:00:00.000Z',
      notAfter: '9999-12-31T00:00:00.000Z',
    });
    expect(JSON.stringify(set)).not.toMatch(/\\u001b|\\u0007/);
  });
});
