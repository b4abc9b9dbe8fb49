// Do requests of one client to one server share connections, and does nobody wait long for one that hangs?
import https from 'node:https';
import net from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { Connections } from '../../../src/sources/connections.ts';
import { attempt } from '../../../src/sources/attempt.ts';
import { bareContext } from '../../../src/sources/contexts.ts';
import { Stopped } from '../../../src/sources/limit.ts';
import { openLiveSource } from '../../../src/sources/live.ts';
import { deadlines, type Source } from '../../../src/sources/source.ts';
import { kubeconfigText, scratch } from './kit/api.ts';
import { serve } from './kit/patients.ts';
import { type Pair, rsaAuthority, rsaCertificate } from './kit/pki.ts';

const never = new AbortController().signal;
let authority: Pair;
let own: Pair;
const clean: (() => unknown)[] = [];

beforeAll(() => {
  authority = rsaAuthority('kubernetes');
  own = rsaCertificate({ name: 'apiserver', hosts: ['127.0.0.1'] }, authority);
});

afterEach(async () => {
  await Promise.all(clean.splice(0).map((undo) => undo()));
});

/** A real HTTPS server that counts its connections. */
async function counting(
  answer: https.ServerOptions & { readonly headers?: Record<string, string>; readonly hangs?: boolean; readonly delay?: number } = {},
) {
  const { headers = {}, hangs = false, delay = 0, ...options } = answer;
  let connections = 0;
  const server = https.createServer({ ...options, key: own.key, cert: own.certificate }, (_request, response) => {
    const respond = () => response.writeHead(200, { 'Content-Type': 'application/json', ...headers }).end('{"kind":"Status"}');
    if (!hangs) setTimeout(respond, delay);
  });
  server.on('secureConnection', () => {
    connections++;
  });
  const patient = await serve(server);
  clean.push(() => patient.close());
  return { server, port: patient.port, count: () => connections };
}

async function open(port: number): Promise<Source> {
  const text = kubeconfigText({
    server: `https://127.0.0.1:${port}`,
    authority: authority.certificate,
    user: { token: 'a-token-of-this-test' },
  });
  const { folder, remove } = scratch({ config: text });
  const settings = { portForward: 'allowed', exec: 'forbidden' } as const;
  const { source } = await openLiveSource({ kubeconfig: join(folder, 'config') }, settings, {});
  clean.push(() => source.close(), remove);
  return source;
}

const ask = (source: Source, times: number) => Promise.all(Array.from({ length: times }, () => source.kubernetes('/version', never)));
const statuses = async (source: Source, times: number) => (await ask(source, times)).map((tried) => tried.answer?.status);

test('requests one after another share one connection', async () => {
  const server = await counting();
  const source = await open(server.port);
  for (let round = 0; round < 5; round++) expect(await statuses(source, 1)).toEqual([200]);
  expect(server.count()).toBe(1);
});

/** Both connections that may be opened at once are being opened. */
async function busy(): Promise<Connections> {
  const connections = new Connections();
  expect(await connections.take('api', never)).toBeUndefined();
  expect(await connections.take('api', never)).toBeUndefined();
  return connections;
}

test('a request waits for a connection another one is using, and gets it', async () => {
  const connections = await busy();
  const own = { kind: 'open', socket: new net.Socket(), address: '127.0.0.1:1', chain: [] } as const;
  const third = connections.take('api', never);
  const elsewhere = connections.take('etcd', never);
  connections.give('api', own);
  expect(await third).toBe(own);
  expect(await elsewhere).toBeUndefined();
});

test('a request that is stopped before it begins ends as stopped, and the connection it had been given complains to nobody', async () => {
  const server = await counting();
  const source = await open(server.port);
  expect(await statuses(source, 1)).toEqual([200]);
  await expect(source.kubernetes('/version', AbortSignal.abort())).rejects.toThrow();
  const connections = new Connections();
  const reuse = { connections, key: 'api' };
  const target = { scheme: 'https', host: '127.0.0.1', port: server.port, context: bareContext(), reuse } as const;
  const message = { method: 'GET', path: '/version', headers: {} } as const;
  expect((await attempt(target, message, deadlines.usual, never)).answer?.status).toBe(200);
  await expect(attempt(target, message, deadlines.usual, AbortSignal.abort())).rejects.toThrow(Stopped);
  // An error that nobody hears would end the program within the next turns of the loop.
  await pause(50);
  clean.push(() => connections.close());
});

test('nobody waits for a connection that did not come about', async () => {
  const connections = await busy();
  const third = connections.take('api', never);
  connections.drop('api');
  expect(await third).toBeUndefined();
});

test('of those that wait for a server that works on one more at a time opens a connection, where nothing moves all do', async () => {
  const opened = async (moves: boolean): Promise<number> => {
    const connections = await busy();
    let count = 0;
    const waiting = Array.from({ length: 10 }, () => connections.take('api', never).then(() => count++));
    for (let step = 0; step < 5; step++) {
      await pause(50);
      if (moves) connections.move('api');
    }
    const soFar = count;
    await Promise.all(waiting);
    return soFar;
  };
  expect(await opened(false)).toBe(10);
  expect(await opened(true)).toBeLessThan(4);
});

test('twenty requests to a server that answers slowly take a few connections', async () => {
  const server = await counting({ delay: 30 });
  const source = await open(server.port);
  expect(await statuses(source, 20)).toEqual(Array(20).fill(200));
  expect(server.count()).toBeLessThan(8);
});

test('every answer names the chain of its connection', async () => {
  const source = await open((await counting()).port);
  const chains = (await ask(source, 4)).map((tried) => tried.chain);
  expect(chains.every((chain) => chain.length > 0 && chain[0] === chains[0]?.[0])).toBe(true);
});

test('a connection the server ended meanwhile is replaced by a new one', async () => {
  const server = await counting();
  const source = await open(server.port);
  expect(await statuses(source, 1)).toEqual([200]);
  server.server.closeIdleConnections();
  await pause(50);
  expect(await statuses(source, 1)).toEqual([200]);
  expect(server.count()).toBe(2);
});

test('a server that wants no second request on a connection gets none', async () => {
  const server = await counting({ headers: { Connection: 'close' } });
  const source = await open(server.port);
  expect(await statuses(source, 3)).toEqual([200, 200, 200]);
  expect(server.count()).toBe(3);
});

test('requests behind one that hangs open connections of their own', async () => {
  const server = await counting({ hangs: true });
  const source = await open(server.port);
  const asked = Array.from({ length: 4 }, () => source.kubernetes('/version', AbortSignal.timeout(1200)).catch(() => 'gap'));
  await expect.poll(() => server.count(), { timeout: 5000 }).toBeGreaterThanOrEqual(4);
  expect(await Promise.all(asked)).toEqual(Array(4).fill('gap'));
});

test('what is asked without a credential is asked over a connection of its own', async () => {
  const server = await counting();
  const source = await open(server.port);
  const deadlines = { connect: 5000, tls: 5000, firstByte: 5000 };
  const request = {
    scheme: 'https',
    host: '127.0.0.1',
    port: server.port,
    path: '/readyz',
    identity: 'none',
    deadlines,
    signal: never,
  } as const;
  await Promise.all([1, 2, 3].map(() => source.request(request)));
  expect(server.count()).toBe(3);
});
