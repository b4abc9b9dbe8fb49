// Is the API asked over whichever way works, and is a credential shown only to those who prove themselves?
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openLiveSource } from '../../../src/sources/live.ts';
import { GapError, type Source } from '../../../src/sources/source.ts';
import { answering, apiServer, type ConfigParts, kubeconfigText, scratch, status } from './kit/api.ts';
import { dropping, frozen, type Patient, refusedPort, silent } from './kit/patients.ts';
import { type Pair, rsaAuthority, rsaCertificate } from './kit/pki.ts';

const token = 'a-token-that-is-a-secret-1';
const never = new AbortController().signal;
const good = answering(200, { kind: 'NodeList', items: [] });

let authority: Pair;
let server: Pair;
const clean: (() => unknown)[] = [];

beforeAll(() => {
  authority = rsaAuthority('kubernetes');
  server = rsaCertificate({ name: 'apiserver', hosts: ['127.0.0.1', '127.0.0.2', 'kubernetes.lab'] }, authority);
});

afterEach(async () => {
  await Promise.all(clean.splice(0).map((undo) => undo()));
});

async function keep<P extends Patient>(patient: Promise<P>): Promise<P> {
  const one = await patient;
  clean.push(() => one.close());
  return one;
}

async function open(port: number, parts: Partial<ConfigParts> = {}, flags: object = {}, withEtcd = false): Promise<Source> {
  const text = kubeconfigText({ server: `https://127.0.0.1:${port}`, authority: authority.certificate, user: { token }, ...parts });
  const { folder, remove } = scratch({
    config: text,
    'ca.crt': authority.certificate,
    'etcd.crt': server.certificate,
    'etcd.key': server.key,
  });
  const [ca, certificate, key] = ['ca.crt', 'etcd.crt', 'etcd.key'].map((name) => join(folder, name)) as [string, string, string];
  const etcd = withEtcd ? { etcd: { endpoints: [], authority: ca, certificate, key, from: 'flag' as const } } : {};
  const { source } = await openLiveSource(
    { kubeconfig: join(folder, 'config'), ...flags },
    { ...etcd, portForward: 'allowed', exec: 'forbidden' },
    {},
  );
  clean.push(() => source.close(), remove);
  return source;
}

async function gapOf(work: Promise<unknown>): Promise<GapError['gap']> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof GapError)) throw new Error(`expected a gap, got ${String(error)}`);
  return error.gap;
}

async function milliseconds(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

describe('the way that works is found', () => {
  test('the kubeconfig’s own address, where it answers', async () => {
    const entry = await keep(apiServer(server, good));
    const source = await open(entry.port);
    const tried = await source.kubernetes('/api/v1/nodes?limit=500', never);
    expect(tried).toMatchObject({ address: `127.0.0.1:${entry.port}`, answer: { status: 200 } });
    expect(tried.chain).toHaveLength(1);
    expect(entry.requests[0]).toMatchObject({ path: '/api/v1/nodes?limit=500', authorization: `Bearer ${token}` });
  });

  test('a master answers where the address refuses, drops or is silent', async () => {
    const master = await keep(apiServer(server, good, '127.0.0.2'));
    for (const port of [await refusedPort(), (await keep(frozen())).port, (await keep(dropping())).port]) {
      const source = await open(port);
      source.addWay('127.0.0.2', master.port);
      expect((await source.kubernetes('/version', never)).address).toBe(`127.0.0.2:${master.port}`);
    }
  });

  test('a way that becomes known while the others fail still counts', async () => {
    const master = await keep(apiServer(server, good, '127.0.0.2'));
    const source = await open(await refusedPort());
    setTimeout(() => source.addWay('127.0.0.2', master.port), 150);
    expect((await source.kubernetes('/version', never)).answer?.status).toBe(200);
  });

  test('where etcd can be asked there is more patience, for its member list names the masters', async () => {
    const master = await keep(apiServer(server, good, '127.0.0.2'));
    for (const withEtcd of [true, false]) {
      const source = await open(await refusedPort(), {}, {}, withEtcd);
      setTimeout(() => source.addWay('127.0.0.2', master.port), 1200);
      const asked = source.kubernetes('/version', never).then(
        ({ answer }) => answer?.status,
        () => 'gave up',
      );
      expect(await asked).toBe(withEtcd ? 200 : 'gave up');
    }
  });

  test.each([
    [500, 'etcdserver: no leader'],
    [503, 'no backend'],
    [429, 'storage is (re)initializing'],
    [403, 'nodes is forbidden: User "admin" cannot list resource "nodes"'],
    [401, 'Unauthorized'],
  ])('an answer %d lets the others have their say', async (code, message) => {
    const entry = await keep(apiServer(server, status(code, message)));
    const master = await keep(apiServer(server, good, '127.0.0.2'));
    const source = await open(entry.port);
    source.addWay('127.0.0.2', master.port);
    expect((await source.kubernetes('/version', never)).address).toBe(`127.0.0.2:${master.port}`);
  });

  test('404 is an answer', async () => {
    const source = await open((await keep(apiServer(server, status(404, 'not found')))).port);
    expect((await source.kubernetes('/x', never)).answer?.status).toBe(404);
  });

  test('behind a load balancer the next try may meet a better server', async () => {
    let count = 0;
    const entry = await keep(
      apiServer(server, (request, response) => (count++ === 0 ? status(403, 'forbidden') : good)(request, response)),
    );
    expect((await (await open(entry.port)).kubernetes('/version', never)).answer?.status).toBe(200);
  });
});

describe('when no way works, one sentence says why', () => {
  test('refused and silent', async () => {
    const source = await open(await refusedPort());
    source.addWay('127.0.0.1', (await keep(silent())).port);
    const gap = await gapOf(source.kubernetes('/api/v1/nodes', never));
    expect(gap).toMatchObject({
      gap: 'failed',
      howToGet: "kubectl get --raw '/api/v1/nodes'",
      through: expect.stringMatching(/^lb\/127\.0\.0\.1:/),
    });
    expect(gap.detail).toMatch(
      /for \/api\/v1\/nodes: 127\.0\.0\.1:\d+ refused the connection; 127\.0\.0\.1:\d+ accepted TCP, but TLS got no answer within 1000 ms\.$/,
    );
  });

  test('a black hole is a timeout, and is not waited for long', async () => {
    const source = await open((await keep(dropping())).port);
    const spent = await milliseconds(async () =>
      expect(await gapOf(source.kubernetes('/version', never))).toMatchObject({ gap: 'timeout' }),
    );
    expect(spent).toBeLessThan(4000);
  });

  test('401 and 403 everywhere are denials with the server’s own words', async () => {
    const rejecting = await open((await keep(apiServer(server, status(401, 'Unauthorized')))).port);
    expect(await gapOf(rejecting.kubernetes('/version', never))).toMatchObject({
      gap: 'denied',
      detail: expect.stringContaining('do not accept the credential'),
    });
    const message = 'nodes is forbidden: User "v" cannot list resource "nodes" in API group "" at the cluster scope';
    const forbidding = await open((await keep(apiServer(server, status(403, message)))).port);
    expect((await gapOf(forbidding.kubernetes('/api/v1/nodes', never))).detail).toBe(`Not permitted: ${message}.`);
  });

  test('one refusal among dead servers is no denial: a server that lost etcd refuses everybody', async () => {
    const source = await open(await refusedPort());
    source.addWay('127.0.0.2', (await keep(apiServer(server, status(403, 'forbidden'), '127.0.0.2'))).port);
    source.addWay('127.0.0.1', await refusedPort());
    source.addWay('127.0.0.2', await refusedPort());
    expect(await gapOf(source.kubernetes('/api/v1/nodes', never))).toMatchObject({
      gap: 'failed',
      detail: expect.stringContaining('HTTP 403 (forbidden)'),
    });
  });

  test('the request timeout of the user bounds it', async () => {
    const source = await open((await keep(silent())).port, {}, { requestTimeoutMs: 200 });
    const spent = await milliseconds(async () => expect((await gapOf(source.kubernetes('/version', never))).gap).toBe('timeout'));
    expect(spent).toBeLessThan(900);
  });
});

describe('what goes along', () => {
  test('impersonation, base path, body', async () => {
    const entry = await keep(apiServer(server, good));
    const source = await open(0, { server: `https://127.0.0.1:${entry.port}/k8s/c-1/` }, { as: 'eve', asGroup: ['a', 'b'] });
    await source.kubernetes('/apis/x', never, '{}');
    expect(entry.requests[0]).toMatchObject({
      path: '/k8s/c-1/apis/x',
      headers: { 'impersonate-user': 'eve', 'impersonate-group': 'a, b', 'content-type': 'application/json' },
    });
  });

  test('a client certificate and a password', async () => {
    const client = rsaCertificate({ name: 'admin', organization: 'masters' }, authority);
    const encode = (text: string): string => Buffer.from(text).toString('base64');
    const strict = await keep(
      apiServer(server, good, '127.0.0.1', { ca: authority.certificate, requestCert: true, rejectUnauthorized: true }),
    );
    const certified = await open(strict.port, {
      user: { 'client-certificate-data': encode(client.certificate), 'client-key-data': encode(client.key) },
    });
    expect((await certified.kubernetes('/version', never)).answer?.status).toBe(200);
    const plain = await keep(apiServer(server, good));
    await (await open(plain.port, { user: { username: 'u', password: 'p' } })).kubernetes('/version', never);
    expect(plain.requests[0]?.authorization).toBe(`Basic ${encode('u:p')}`);
  });
});
