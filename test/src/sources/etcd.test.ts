// Does a real etcd with client certificates answer us in every way we ask, and what is its silence taken for?
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { UsageError } from '../../../src/model/errors.ts';
import { type EtcdFiles, findEtcdFiles, readEtcdMaterial } from '../../../src/sources/etcd-credentials.ts';
import { openLiveSource } from '../../../src/sources/live.ts';
import { GapError, type RawTry, type Source } from '../../../src/sources/source.ts';
import { kubeconfigText, scratch } from './kit/api.ts';
import { etcdVersion, type Member, startEtcd } from './kit/etcd.ts';
import { ecCertificate, rsaAuthority } from './kit/pki.ts';

const never = new AbortController().signal;
const limits = { connect: 5000, tls: 5000, firstByte: 5000 };

async function open(etcd: EtcdFiles | undefined, env: NodeJS.ProcessEnv = {}): Promise<Source & { readonly done: () => void }> {
  const { folder, remove } = scratch({ config: kubeconfigText({ server: 'https://127.0.0.1:1' }) });
  const { source } = await openLiveSource(
    { kubeconfig: join(folder, 'config') },
    { ...(etcd && { etcd }), portForward: 'allowed', exec: 'forbidden' },
    env,
  );
  return Object.assign(source, { done: () => [source.close(), remove()] });
}

if (etcdVersion === undefined) console.warn('etcd is not installed here: its tests are skipped');

describe.skipIf(etcdVersion === undefined)(`etcd ${etcdVersion}`, () => {
  let member: Member;
  let source: Source & { readonly done: () => void };

  beforeAll(async () => {
    member = await startEtcd('alone');
    source = await open({ endpoints: [], ...member.files, from: 'flag' });
  }, 20_000);
  afterAll(async () => {
    source?.done();
    await member?.remove();
  });

  const gateway = (path: string): Promise<RawTry> =>
    source.request({
      scheme: 'https',
      host: '127.0.0.1',
      port: member.port,
      method: 'POST',
      path,
      body: '{}',
      identity: 'etcd',
      deadlines: limits,
      signal: never,
    });
  const grpc = (method: string, message = new Uint8Array()): Promise<RawTry> =>
    source.grpc('127.0.0.1', member.port, method, message, never);

  test('the JSON gateway answers our certificate', async () => {
    const tried = await gateway('/v3/maintenance/status');
    expect(JSON.parse(tried.answer?.body ?? '{}')).toMatchObject({ version: etcdVersion });
    expect(source.anchors('etcd')).toHaveLength(1);
  });

  test('gRPC answers with a message and its trailers', async () => {
    const tried = await grpc('/etcdserverpb.Maintenance/Status');
    expect(tried).toMatchObject({ connected: true, answer: { status: 200, headers: { 'grpc-status': '0' } } });
    expect(Buffer.from(tried.bytes ?? '', 'base64').toString('latin1')).toContain(etcdVersion ?? '');
    const metadata = await source.grpc('127.0.0.1', member.port, 'etcdserverpb.KV/Range', Buffer.from('0a0178', 'hex'), never, {
      metadata: { hasleader: 'true' },
    });
    expect(metadata.answer?.headers['grpc-status']).toBe('0');
  });

  test('gRPC tells an unknown method, and a server that speaks no HTTP/2', async () => {
    expect((await grpc('/etcdserverpb.Maintenance/Nonsense')).answer?.headers['grpc-status']).toBe('12');
    const metrics = await source.request({
      scheme: 'http',
      host: '127.0.0.1',
      port: member.metricsPort,
      path: '/health',
      identity: 'none',
      deadlines: limits,
      signal: never,
    });
    expect(metrics.answer).toMatchObject({ status: 200, body: '{"health":"true"}' });
    expect((await source.grpc('127.0.0.1', member.metricsPort, 'x', new Uint8Array(), never)).failure?.why).toBe('protocol');
  });

  test('a knock needs no certificate on either port and sees theirs', async () => {
    for (const port of [member.port, member.peerPort]) {
      const knocked = await source.knock('127.0.0.1', port, never);
      expect(knocked.failure).toBeUndefined();
      expect(knocked.chain).toHaveLength(1);
    }
  });

  test('without a certificate, or with a foreign one, the alert is read', async () => {
    const bare = await source.request({
      scheme: 'https',
      host: '127.0.0.1',
      port: member.port,
      path: '/version',
      identity: 'none',
      deadlines: limits,
      signal: never,
    });
    expect(bare.failure).toMatchObject({ why: 'tls', alert: expect.any(Number) });
    const stranger = ecCertificate({ name: 'stranger' }, rsaAuthority('other'));
    const { folder, remove } = scratch({ crt: stranger.certificate, key: stranger.key });
    const foreign = await open({ endpoints: [], certificate: join(folder, 'crt'), key: join(folder, 'key'), from: 'flag' });
    expect(
      (await foreign.grpc('127.0.0.1', member.port, '/etcdserverpb.Maintenance/Status', new Uint8Array(), never)).failure,
    ).toMatchObject({ why: 'tls', alert: expect.any(Number) });
    foreign.done();
    remove();
  });

  test('a stopped process is hung, a killed one refuses', async () => {
    await member.stop();
    expect((await source.knock('127.0.0.1', member.port, never)).failure?.why).toBe('hung');
    expect((await grpc('/etcdserverpb.Maintenance/Status')).failure?.why).toBe('hung');
    member.resume();
    expect((await grpc('/etcdserverpb.Maintenance/Status')).answer?.status).toBe(200);
    await member.kill();
    expect((await source.knock('127.0.0.1', member.port, never)).failure?.why).toBe('refused');
    expect((await grpc('/etcdserverpb.Maintenance/Status')).failure?.why).toBe('refused');
  });
});

describe.skipIf(etcdVersion === undefined)('a member that waits for a quorum it never had', () => {
  test('is hung at its client port, open at its peer port', async () => {
    const member = await startEtcd('waiting for others');
    const source = await open({ endpoints: [], ...member.files, from: 'flag' });
    try {
      expect((await source.knock('127.0.0.1', member.port, never)).failure?.why).toBe('hung');
      expect((await source.knock('127.0.0.1', member.peerPort, never)).failure).toBeUndefined();
    } finally {
      source.done();
      await member.remove();
    }
  }, 20_000);
});

describe('which certificate is used', () => {
  test('what was named stays as it is', () => {
    const named: EtcdFiles = { endpoints: ['10.0.0.1:2379'], certificate: '/own.crt', key: '/own.key', from: 'environment' };
    expect(findEtcdFiles(named)).toEqual(named);
    expect(findEtcdFiles(undefined, '/does/not/exist')).toBeUndefined();
  });

  test('this node’s files, by distribution', () => {
    const node = (files: Readonly<Record<string, string>>, given?: EtcdFiles): EtcdFiles | undefined => {
      const { folder, remove } = scratch({});
      for (const [name, text] of Object.entries(files)) {
        mkdirSync(dirname(join(folder, name)), { recursive: true });
        writeFileSync(join(folder, name), text);
      }
      const found = findEtcdFiles(given, folder);
      remove();
      return found && (JSON.parse(JSON.stringify(found).replaceAll(folder, '')) as EtcdFiles);
    };
    const pki = 'etc/kubernetes/pki';
    const manifest = (...words: string[]): string => JSON.stringify({ spec: { containers: [{ command: ['x', ...words] }] } });
    const stacked = { [`${pki}/etcd/ca.crt`]: '', [`${pki}/etcd/healthcheck-client.crt`]: '', [`${pki}/etcd/healthcheck-client.key`]: '' };
    const etcd = { 'etc/kubernetes/manifests/etcd.yaml': manifest('--advertise-client-urls=https://10.0.0.11:2379') };
    expect(node({ ...stacked, ...etcd })).toEqual({
      endpoints: ['10.0.0.11:2379'],
      authority: `/${pki}/etcd/ca.crt`,
      certificate: `/${pki}/etcd/healthcheck-client.crt`,
      key: `/${pki}/etcd/healthcheck-client.key`,
      from: 'manifest',
    });
    const api = {
      'etc/kubernetes/manifests/kube-apiserver.yaml': manifest(
        '--etcd-servers=https://10.0.0.21:2379,https://10.0.0.22:2379',
        '--etcd-cafile=/a',
        '--etcd-certfile=/b',
        '--etcd-keyfile=/c',
      ),
    };
    expect(node({ ...api, a: '', b: '', c: '' })).toMatchObject({ endpoints: ['10.0.0.21:2379', '10.0.0.22:2379'], certificate: '/b' });
    const rke2 = 'var/lib/rancher/rke2/server/tls/etcd';
    expect(node({ [`${rke2}/server-ca.crt`]: '', [`${rke2}/server-client.crt`]: '', [`${rke2}/server-client.key`]: '' })).toMatchObject({
      endpoints: ['127.0.0.1:2379'],
      key: `/${rke2}/server-client.key`,
    });
    const ownPeers = { [`${rke2}/server-ca.crt`]: '', [`${rke2}/peer-ca.crt`]: '' };
    expect(node({ ...ownPeers, [`${rke2}/server-client.crt`]: '', [`${rke2}/server-client.key`]: '' })?.peerAuthority).toBe(
      `/${rke2}/peer-ca.crt`,
    );
    expect(node({ [`${pki}/etcd/ca.crt`]: '' })).toBeUndefined();
    const trusting = (peers: string): Readonly<Record<string, string>> => ({
      'etc/kubernetes/manifests/etcd.yaml': manifest(`--trusted-ca-file=/${pki}/etcd/ca.crt`, `--peer-trusted-ca-file=${peers}`),
    });
    expect(node({ ...stacked, ...trusting(`/${pki}/etcd/ca.crt`) })?.peerAuthority).toBe(`/${pki}/etcd/ca.crt`);
    expect(node({ ...stacked, ...trusting('/own.crt'), 'own.crt': '' })?.peerAuthority).toBe('/own.crt');
    expect(node({ ...stacked, ...trusting('/absent.crt') })?.peerAuthority).toBeUndefined();
    expect(node({ ...stacked, ...etcd }, { endpoints: ['10.0.0.9:2379'], from: 'flag' })).toMatchObject({
      endpoints: ['10.0.0.9:2379'],
      certificate: `/${pki}/etcd/healthcheck-client.crt`,
    });
  });

  test('and every mistake in files that the user named is one sentence', () => {
    const own = ecCertificate({ name: 'a' });
    const { folder, remove } = scratch({ crt: own.certificate, key: own.key, garbage: 'garbage', other: ecCertificate({ name: 'b' }).key });
    const at = (certificate: string | undefined, key: string | undefined, authority?: string): EtcdFiles => ({
      endpoints: [],
      from: 'flag',
      ...(certificate && { certificate: join(folder, certificate) }),
      ...(key && { key: join(folder, key) }),
      ...(authority && { authority: join(folder, authority) }),
    });
    const cases: readonly (readonly [EtcdFiles, RegExp])[] = [
      [at('crt', undefined), /^The etcd certificate is given without its key\.$/],
      [at('absent', 'key'), /^The etcd certificate .*absent does not exist\.$/],
      [at('garbage', 'key'), /^The etcd certificate .*garbage is not a certificate in PEM\.$/],
      [at('crt', 'garbage'), /^The etcd key .*garbage is not a private key in PEM/],
      [at('crt', 'other'), /^The etcd key .*other does not belong to the certificate .*crt\.$/],
      [at('crt', 'key', 'garbage'), /^The etcd CA .*garbage holds no certificate in PEM\.$/],
    ];
    for (const [files, sentence] of cases) {
      expect(() => readEtcdMaterial(files)).toThrow(UsageError);
      expect(() => readEtcdMaterial(files)).toThrow(sentence);
    }
    expect(readEtcdMaterial(at('crt', 'key', 'crt'))).toMatchObject({ anchors: [expect.any(String)], peerAnchors: [] });
    const withPeers = (name: string) => readEtcdMaterial({ ...at('crt', 'key', 'crt'), peerAuthority: join(folder, name) })?.peerAnchors;
    expect([withPeers('crt')?.length, withPeers('garbage')?.length, withPeers('absent')?.length]).toEqual([1, 0, 0]);
    remove();
  });

  test('without one, asking etcd is a gap that says which flags are missing', async () => {
    const source = await open(undefined);
    const error = await source.grpc('127.0.0.1', 1, 'x', new Uint8Array(), never).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(GapError);
    expect((error as GapError).gap).toMatchObject({ gap: 'not-collected', howToGet: expect.stringContaining('--etcd-cert') });
    source.done();
  });
});
