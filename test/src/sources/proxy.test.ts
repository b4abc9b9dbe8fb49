// Is a cluster behind a proxy reached as kubectl reaches it, and does the proxy see no credential of the cluster's?
import http from 'node:http';
import net from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { openLiveSource } from '../../../src/sources/live.ts';
import { GapError, type Source } from '../../../src/sources/source.ts';
import { answering, apiServer, type Heard, kubeconfigText, scratch } from './kit/api.ts';
import { ill, type Patient, refusedPort, serve, silent } from './kit/patients.ts';
import { type Pair, rsaAuthority, rsaCertificate } from './kit/pki.ts';

const never = new AbortController().signal;
const clean: (() => unknown)[] = [];
let authority: Pair;
let own: Pair;

beforeAll(() => {
  authority = rsaAuthority('kubernetes');
  own = rsaCertificate({ name: 'apiserver', hosts: ['api.cluster.internal'] }, authority);
});
afterEach(async () => {
  await Promise.all(clean.splice(0).map((undo) => undo()));
});

async function keep<P extends Patient>(patient: Promise<P>): Promise<P> {
  const one = await patient;
  clean.push(() => one.close());
  return one;
}

/** The name of the server resolves only for the proxy. */
async function open(proxy: string): Promise<Source> {
  const text = kubeconfigText({
    server: 'https://api.cluster.internal:6443',
    authority: authority.certificate,
    cluster: { 'proxy-url': proxy },
    user: { token: 't0ken' },
  });
  const { folder, remove } = scratch({ config: text });
  const { source, kubeconfig } = await openLiveSource(
    { kubeconfig: join(folder, 'config') },
    { portForward: 'allowed', exec: 'forbidden' },
    {},
  );
  expect(kubeconfig.proxied).toBe(true);
  clean.push(() => source.close(), remove);
  return source;
}

const api = (): Promise<Heard> => keep(apiServer(own, answering(200, { gitVersion: 'v1' })));

test('over HTTP CONNECT with a password of the proxy’s own', async () => {
  const target = await api();
  const asked: (readonly [string, string])[] = [];
  const server = http.createServer();
  server.on('connect', (request, socket: net.Socket) => {
    asked.push([request.url ?? '', request.headers['proxy-authorization'] ?? '']);
    const through = net.connect(target.port, '127.0.0.1', () => socket.write('HTTP/1.1 200 Connection established\r\n\r\n'));
    through
      .on('error', () => {})
      .pipe(socket)
      .on('error', () => {})
      .pipe(through);
  });
  const proxy = await keep(serve(server));
  const source = await open(`http://user:pa%20ss@127.0.0.1:${proxy.port}`);
  expect((await source.kubernetes('/version', never)).answer?.body).toContain('v1');
  expect(target.requests[0]?.authorization).toBe('Bearer t0ken');
  expect(asked[0]).toEqual(['api.cluster.internal:6443', `Basic ${Buffer.from('user:pa ss').toString('base64')}`]);
});

test('over SOCKS 5', async () => {
  const target = await api();
  const proxy = await keep(
    ill((socket) => {
      socket.once('data', () => {
        socket.write(Buffer.from([5, 0]));
        socket.once('data', (request: Buffer) => {
          expect(request.subarray(5, 5 + (request[4] ?? 0)).toString()).toBe('api.cluster.internal');
          const through = net.connect(target.port, '127.0.0.1', () => socket.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0])));
          through
            .on('error', () => {})
            .pipe(socket)
            .pipe(through);
        });
      });
    }),
  );
  expect((await (await open(`socks5://127.0.0.1:${proxy.port}`)).kubernetes('/version', never)).answer?.status).toBe(200);
});

test.each([
  ['a proxy that refuses', async () => refusedPort(), /proxy 127\.0\.0\.1:\d+: 127\.0\.0\.1:\d+ refused the connection/],
  [
    'a proxy that says no',
    async () =>
      (await keep(serve(http.createServer().on('connect', (_request, socket: net.Socket) => socket.end('HTTP/1.1 403 Forbidden\r\n\r\n')))))
        .port,
    /refuses a tunnel to api\.cluster\.internal:6443 \(HTTP 403\)/,
  ],
  ['a proxy that is silent', async () => (await keep(silent())).port, /no tunnel to api\.cluster\.internal:6443 within 1000 ms/],
])('%s is named', async (_name, port, sentence) => {
  const source = await open(`http://127.0.0.1:${await port()}`);
  const error = await source.kubernetes('/version', never).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(GapError);
  expect((error as GapError).gap.detail).toMatch(sentence);
});
