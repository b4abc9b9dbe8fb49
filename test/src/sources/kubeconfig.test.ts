// Is a kubeconfig read as kubectl reads it, and is every mistake in it one clear sentence?
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { UsageError } from '../../../src/model/errors.ts';
import { chooseCluster, type Chosen, type ConnectionFlags } from '../../../src/sources/kubeconfig.ts';
import { describeKubeconfig } from '../../../src/sources/kubeconfig-seen.ts';
import { kubeconfigText, scratch } from './kit/api.ts';
import { ecCertificate, type Pair, rsaAuthority } from './kit/pki.ts';

let authority: Pair;
let client: Pair;
const clean: (() => void)[] = [];
const encode = (text: string): string => Buffer.from(text).toString('base64');

beforeAll(() => {
  authority = rsaAuthority('kubernetes');
  client = ecCertificate({ name: 'admin', organization: 'masters' }, authority);
});
afterEach(() => {
  for (const undo of clean.splice(0)) undo();
});

function write(files: Readonly<Record<string, string>>): string {
  const { folder, remove } = scratch(files);
  clean.push(remove);
  return folder;
}

function read(text: string, flags: ConnectionFlags = {}, env: NodeJS.ProcessEnv = {}): Chosen {
  return chooseCluster({ kubeconfig: join(write({ config: text }), 'config'), ...flags }, env);
}

const plain = (more: object = {}): string =>
  kubeconfigText({ server: 'https://lb.example:6443', authority: authority.certificate, ...more });

describe('where it is looked for', () => {
  const env = (folder: string, more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({ HOME: folder, ...more });
  const one = (server: string, context = 'x'): string => kubeconfigText({ server }).replaceAll('"x"', `"${context}"`);

  test('the flag comes before $KUBECONFIG', () => {
    const folder = write({ a: one('https://a:1'), b: one('https://b:1') });
    expect(chooseCluster({ kubeconfig: join(folder, 'a') }, env(folder, { KUBECONFIG: join(folder, 'b') })).cluster.host).toBe('a');
    expect(chooseCluster({}, env(folder, { KUBECONFIG: join(folder, 'b') })).cluster.host).toBe('b');
  });

  test('files of $KUBECONFIG are merged, the first one that says something wins, absent ones are passed over', () => {
    const second = one('https://b:1', 'y').replaceAll('"c"', '"c2"');
    const folder = write({ a: one('https://a:1'), b: second, c: one('https://c:1') });
    const list = ['absent', 'a', 'b', 'c'].map((name) => join(folder, name)).join(':');
    expect(chooseCluster({}, env(folder, { KUBECONFIG: list })).cluster.host).toBe('a');
    expect(chooseCluster({ context: 'y' }, env(folder, { KUBECONFIG: list }))).toMatchObject({
      path: join(folder, 'b'),
      cluster: { host: 'b' },
    });
  });

  test('none at all is bad usage', () => {
    const folder = write({});
    expect(() => chooseCluster({}, env(folder))).toThrow(
      /^There is no kubeconfig: ~\/\.kube\/config does not exist and \$KUBECONFIG is not set\./,
    );
    expect(() => chooseCluster({}, env(folder, { KUBECONFIG: join(folder, 'x') }))).toThrow(UsageError);
  });
});

describe('what is chosen', () => {
  test('flags replace what the context says', () => {
    const text = plain({ cluster: { 'tls-server-name': 'kubernetes' } });
    expect(read(text).cluster).toMatchObject({
      host: 'lb.example',
      port: 6443,
      tlsServerName: 'kubernetes',
      insecure: false,
      basePath: '',
    });
    const other = read(text, { server: '10.0.0.11:6443' }).cluster;
    expect(other).toMatchObject({ scheme: 'https', host: '10.0.0.11', port: 6443 });
    expect(other.tlsServerName).toBeUndefined();
    expect(read(text, { server: 'https://[fd00::1]/base/' }).cluster).toMatchObject({ host: 'fd00::1', port: 443, basePath: '/base' });
    expect(read(text, { as: 'eve', asGroup: ['g'] }).user.impersonation).toEqual({ user: 'eve', groups: ['g'], extra: {} });
  });

  test('data come before files, a token file before a token, relative paths count from the file', () => {
    const folder = write({ config: '', 'ca.crt': authority.certificate, token: 'from-file\n' });
    const text = kubeconfigText({
      server: 'https://a',
      cluster: { 'certificate-authority': 'ca.crt' },
      user: { token: 'inline', tokenFile: 'token' },
    });
    const other = write({ 'ca.crt': authority.certificate, token: 'from-file\n', config: text });
    const chosen = chooseCluster({ kubeconfig: join(other, 'config') }, {});
    expect(chosen.cluster.anchors).toHaveLength(1);
    expect(chosen.user.token).toBe('from-file');
    expect(folder).not.toBe(other);
    expect(read(plain({ cluster: { 'certificate-authority': '/does/not/exist' } })).cluster.anchors).toHaveLength(1);
  });

  test('a proxy from the file or the environment', () => {
    const proxied = (env: NodeJS.ProcessEnv, more: object = {}): unknown => read(plain(more), {}, env).cluster.proxy;
    expect(proxied({}, { cluster: { 'proxy-url': 'socks5://u:p%40@px:1' } })).toEqual({
      scheme: 'socks5',
      host: 'px',
      port: 1,
      user: { name: 'u', password: 'p@' },
    });
    expect(proxied({ HTTPS_PROXY: 'px:3128' })).toEqual({ scheme: 'http', host: 'px', port: 3128 });
    for (const NO_PROXY of ['*', 'example', '.example', 'lb.example', 'a,lb.example:6443'])
      expect(proxied({ HTTPS_PROXY: 'px:3128', NO_PROXY })).toBeUndefined();
    expect(proxied({ HTTPS_PROXY: 'px:3128', NO_PROXY: 'b.example,ample' })).toBeDefined();
    const address = read(plain(), { server: 'https://10.1.2.3:6443' }, { HTTPS_PROXY: 'px:1', NO_PROXY: '10.0.0.0/8' });
    expect(address.cluster.proxy).toBeUndefined();
  });
});

describe('what is told about it', () => {
  test('a client certificate with its dates, and no secret', () => {
    const chosen = read(plain({ user: { 'client-certificate-data': encode(client.certificate), 'client-key-data': encode(client.key) } }));
    const seen = describeKubeconfig(chosen);
    expect(seen).toMatchObject({
      context: 'x',
      server: 'https://lb.example:6443',
      host: 'lb.example',
      port: 6443,
      proxied: false,
      authority: 'given',
    });
    expect(seen.credential).toMatchObject({ kind: 'client-certificate', certificate: { issuer: 'CN=kubernetes', isAuthority: false } });
    expect(JSON.stringify(seen)).not.toContain('PRIVATE');
  });

  test('a token’s expiry, a plugin’s name, nothing', () => {
    const jwt = `${Buffer.from('{}').toString('base64url')}.${Buffer.from('{"exp":1893456000}').toString('base64url')}.x`;
    const credential = (user: object): unknown => describeKubeconfig(read(plain({ user }))).credential;
    expect(credential({ token: jwt })).toEqual({ kind: 'token', expiresAt: 1_893_456_000_000 });
    expect(credential({ token: 'opaque' })).toEqual({ kind: 'token' });
    expect(credential({ exec: { command: 'aws', apiVersion: 'client.authentication.k8s.io/v1' } })).toEqual({
      kind: 'plugin',
      command: 'aws',
    });
    expect(credential({})).toEqual({ kind: 'none' });
    expect(describeKubeconfig(read(plain(), { server: 'https://u:secret@a:1' })).server).toBe('https://a:1');
  });
});

describe('mistakes', () => {
  const mistakes: readonly (readonly [string, string | undefined, ConnectionFlags, RegExp])[] = [
    ['a missing file', undefined, { kubeconfig: '/does/not/exist' }, /^The kubeconfig \/does\/not\/exist does not exist\.$/],
    ['a folder', undefined, { kubeconfig: '/' }, /is a folder\.$/],
    ['broken YAML', 'a: [1\nb: "', {}, /is not valid YAML/],
    ['another kind of file', '{"kind":"Pod"}', {}, /is not a kubeconfig but a Pod\.$/],
    ['a list', '- a', {}, /is not a kubeconfig\.$/],
    ['clusters that are no list', '{"clusters":"x"}', {}, /"clusters" is not a list\.$/],
    ['no current context', '{"contexts":[{"name":"y","context":{}}]}', {}, /has no current context; choose one with --context: y\.$/],
    ['an unknown context', kubeconfigText({ server: 'https://a' }), { context: 'nope' }, /^There is no context "nope" in .*; known: x\.$/],
    ['an unknown cluster', kubeconfigText({ server: 'https://a' }), { cluster: 'nope' }, /^There is no cluster "nope"/],
    ['an unknown user', kubeconfigText({ server: 'https://a' }), { user: 'nope' }, /^There is no user "nope"/],
    ['an address that is none', kubeconfigText({ server: 'https://' }), {}, /is not a URL\.$/],
    ['another protocol', kubeconfigText({ server: 'ftp://a' }), {}, /is neither http nor https\.$/],
    [
      'a garbage CA',
      kubeconfigText({ server: 'https://a', authority: 'garbage' }),
      {},
      /certificate-authority of "c" in .* holds no certificate\.$/,
    ],
    [
      'a CA that only looks like one',
      kubeconfigText({ server: 'https://a', authority: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----' }),
      {},
      /is not a certificate in PEM\.$/,
    ],
    [
      'a CA file that is missing',
      kubeconfigText({ server: 'https://a', cluster: { 'certificate-authority': 'no.crt' } }),
      {},
      /names .*no\.crt as certificate-authority of "c", but it cannot be read\.$/,
    ],
    ['a group without a user', kubeconfigText({ server: 'https://a' }), { asGroup: ['g'] }, /^--as-group needs --as\.$/],
    [
      'an odd proxy',
      kubeconfigText({ server: 'https://a', cluster: { 'proxy-url': 'gopher://x' } }),
      {},
      /proxy-url .* gopher is not supported\.$/,
    ],
  ];

  test.each(mistakes)('%s', (_name, text, flags, sentence) => {
    const run = (): Chosen => (text === undefined ? chooseCluster(flags, {}) : read(text, flags));
    expect(run).toThrow(UsageError);
    expect(run).toThrow(sentence);
  });

  test('a certificate without, with a foreign, and with a garbage key', () => {
    const user = (certificate: string, key?: string): string =>
      plain({ user: { 'client-certificate-data': encode(certificate), ...(key !== undefined && { 'client-key-data': encode(key) }) } });
    expect(() => read(user(client.certificate))).toThrow(/certificate without key\.$/);
    expect(() => read(user(client.certificate, authority.key))).toThrow(/does not belong to its client certificate\.$/);
    expect(() => read(user(client.certificate, 'garbage'))).toThrow(/is not a private key in PEM\.$/);
    expect(() => read(user('garbage', client.key))).toThrow(/client-certificate of "u" in .* is not a certificate in PEM\.$/);
  });
});
