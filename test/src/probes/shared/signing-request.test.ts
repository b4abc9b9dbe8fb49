// Are requests for certificates read, whatever the kind of their key, and hostile ones answered by one sentence?
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readSigningRequest } from '../../../../src/probes/shared/signing-request.ts';
import { temporaryFolder } from '../kit/authority.ts';

const folder = temporaryFolder();
afterAll(() => folder.remove());

function made(key: readonly string[], subject: string, names?: string): string {
  const out = join(folder.path, 'request.pem');
  const extension = names === undefined ? [] : ['-addext', `subjectAltName=${names}`];
  const words = [
    'req',
    '-new',
    '-newkey',
    ...key,
    '-nodes',
    '-subj',
    subject,
    ...extension,
    '-keyout',
    join(folder.path, 'key.pem'),
    '-out',
    out,
  ];
  const { status, stderr } = spawnSync('openssl', words, { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return readFileSync(out).toString('base64');
}

test.each([
  ['RSA', ['rsa:2048']],
  ['ECDSA, as kubelets make them', ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256']],
  ['Ed25519', ['ed25519']],
] as const)('%s', (_kind, key) => {
  const request = made(key, '/O=system:nodes/CN=system:node:m2', 'DNS:m2,IP:10.89.0.12,IP:fd00::12,email:a@b.example,URI:spiffe://x');
  expect(readSigningRequest(request)).toEqual({
    subject: 'O=system:nodes, CN=system:node:m2',
    commonNames: ['system:node:m2'],
    organisations: ['system:nodes'],
    names: ['m2'],
    addresses: ['10.89.0.12', 'fd00::12'],
    others: ['email:a@b.example', 'URI:spiffe://x'],
  });
});

test('one without names, and one with control characters in them', () => {
  expect(readSigningRequest(made(['rsa:2048'], '/CN=x'))).toMatchObject({
    commonNames: ['x'],
    organisations: [],
    names: [],
    addresses: [],
  });
  const odd = readSigningRequest(made(['rsa:2048'], '/CN=a\u001b[31mb', 'DNS:m2'));
  expect('subject' in odd && odd.subject).not.toContain('\u001b');
});

test('a kind of name that no kubelet has counts, though it cannot be shown', () => {
  const odd = readSigningRequest(made(['rsa:2048'], '/CN=x', 'DNS:m2,RID:1.2.3'));
  expect('others' in odd && odd.others).toHaveLength(1);
});

test('garbage, nesting without end, too many names and ten megabytes end in one sentence', () => {
  const pem = (bytes: Buffer) =>
    Buffer.from(`-----BEGIN CERTIFICATE REQUEST-----\n${bytes.toString('base64')}\n-----END-----`).toString('base64');
  const hostile = ['', 'AAAA', pem(randomBytes(500)), pem(Buffer.alloc(20_000, 0x30)), pem(Buffer.from('3000', 'hex'))];
  for (const one of hostile) expect(readSigningRequest(one)).toEqual({ broken: 'it is no request that could be read' });
  expect(readSigningRequest('A'.repeat(10_000_000))).toEqual({ broken: 'a request of 10000000 characters is not read' });
  const many = Array.from({ length: 101 }, (_, index) => `DNS:n${index}`).join(',');
  expect(readSigningRequest(made(['rsa:2048'], '/CN=x', many))).toEqual({ broken: 'it asks for 101 names' });
});
