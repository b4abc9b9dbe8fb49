// Is every way in which a try can end told apart, in time, and without anything left behind?
import http from 'node:http';
import https from 'node:https';
import tls from 'node:tls';
import { X509Certificate } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { attempt, type Message } from '../../../src/sources/attempt.ts';
import type { Target } from '../../../src/sources/connection.ts';
import { bareContext, certificateContext } from '../../../src/sources/contexts.ts';
import { knockAt } from '../../../src/sources/knock.ts';
import { Stopped } from '../../../src/sources/limit.ts';
import type { RawTry } from '../../../src/sources/source.ts';
import { closing, dropping, frozen, opensslServer, type Patient, refusedPort, resetting, saying, serve, silent } from './kit/patients.ts';
import { ecCertificate, type Pair, rsaAuthority, rsaCertificate } from './kit/pki.ts';

/** Where an answer is expected, a busy machine gets its time; where silence is, the test does not wait for long. */
const limits = { connect: 5000, tls: 5000, firstByte: 5000 };
const short = { connect: 300, tls: 300, firstByte: 300 };
const get: Message = { method: 'GET', path: '/readyz', headers: {} };
const never = new AbortController().signal;

let authority: Pair;
let ec: Pair;
let expired: Pair;
const open: Patient[] = [];

beforeAll(() => {
  authority = rsaAuthority('test authority');
  ec = ecCertificate({ name: 'server', hosts: ['localhost', '127.0.0.1'] }, authority);
  expired = rsaCertificate({ name: 'old', hosts: ['127.0.0.1'], from: Date.now() - 9e8, until: Date.now() - 8e8 }, authority);
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((patient) => patient.close()));
});

async function up(patient: Promise<Patient>): Promise<number> {
  const one = await patient;
  open.push(one);
  return one.port;
}

function to(port: number, more: Partial<Target> = {}): Target {
  return { scheme: 'https', host: '127.0.0.1', port, context: bareContext(), ...more };
}

function leaf(tried: RawTry): X509Certificate {
  return new X509Certificate(Buffer.from(tried.chain[0] ?? '', 'base64'));
}

const hello: http.RequestListener = (request, response) => response.end(`${request.method} ${request.url}`);

describe('an answer', () => {
  test('comes with status, headers, body, chain and times', async () => {
    const port = await up(serve(https.createServer({ cert: ec.certificate + authority.certificate, key: ec.key }, hello)));
    const before = Date.now();
    const tried = await attempt(to(port), get, limits, never);
    expect(tried.failure).toBeUndefined();
    expect(tried.answer).toMatchObject({ status: 200, body: 'GET /readyz' });
    expect(tried.answer?.headers.date).toBeDefined();
    expect(tried.address).toBe(`127.0.0.1:${port}`);
    expect(tried.chain).toHaveLength(2);
    expect(leaf(tried).checkHost('localhost')).toBe('localhost');
    expect(tried.sentAt).toBeGreaterThanOrEqual(before);
    expect(tried.receivedAt).toBeGreaterThanOrEqual(tried.sentAt);
  });

  test('is had from a server whose certificate has expired, for trust is another question', async () => {
    const port = await up(serve(https.createServer({ cert: expired.certificate, key: expired.key }, hello)));
    const tried = await attempt(to(port), get, limits, never);
    expect(tried.answer?.status).toBe(200);
    expect(new Date(leaf(tried).validTo).getTime()).toBeLessThan(Date.now());
  });

  test('comes in plain HTTP and to a POST', async () => {
    const port = await up(serve(http.createServer((request, response) => request.pipe(response))));
    const tried = await attempt(to(port, { scheme: 'http' }), { ...get, method: 'POST', body: '{"ü":1}' }, limits, never);
    expect(tried.answer?.body).toBe('{"ü":1}');
    expect(tried.chain).toEqual([]);
  });

  test('is refused when it is longer than allowed, and when it breaks off', async () => {
    const port = await up(
      serve(
        http.createServer((request, response) => {
          if (request.url === '/long') return response.end('x'.repeat(5000));
          response.writeHead(200, { 'content-length': '100' });
          response.write('half');
          setTimeout(() => response.destroy(), 20);
        }),
      ),
    );
    const long = await attempt(to(port, { scheme: 'http' }), { ...get, path: '/long' }, limits, never, 4000);
    expect(long.failure).toMatchObject({ why: 'protocol' });
    const half = await attempt(to(port, { scheme: 'http' }), get, limits, never);
    expect(half.failure?.detail).toContain('broke off');
    expect(half.answer).toBeUndefined();
  });

  test('of a name that resolves carries the address that was dialled', async () => {
    const port = await up(serve(http.createServer(hello)));
    const tried = await attempt(to(port, { scheme: 'http', host: 'localhost' }), get, limits, never);
    expect(tried.answer?.status).toBe(200);
    expect(tried.address).toBe(`127.0.0.1:${port}`);
  });
});

describe('a failure is classified', () => {
  const ended = async (port: number, more: Partial<Target> = {}): Promise<RawTry> => {
    const tried = await attempt(to(port, more), get, limits, never);
    expect(tried.answer).toBeUndefined();
    return tried;
  };
  const silence = async (port: number, more: Partial<Target> = {}): Promise<RawTry> => {
    const began = performance.now();
    const tried = await attempt(to(port, more), get, short, never);
    expect(performance.now() - began).toBeLessThan(1500);
    return tried;
  };

  test('dns', async () => {
    const tried = await ended(443, { host: 'no-such-name.invalid' });
    expect(tried).toMatchObject({ connected: false, failure: { why: 'dns' }, address: 'no-such-name.invalid:443' });
  });

  test('refused', async () => {
    expect(await ended(await refusedPort())).toMatchObject({ connected: false, failure: { why: 'refused' } });
  });

  test('timeout, where SYNs are dropped', async () => {
    expect(await silence(await up(dropping()))).toMatchObject({ connected: false, failure: { why: 'timeout' } });
  });

  test('hung, where TCP comes about and nothing more', async () => {
    expect(await silence(await up(frozen()))).toMatchObject({ connected: true, failure: { why: 'hung' }, chain: [] });
    expect(await silence(await up(silent()), { scheme: 'http' })).toMatchObject({ connected: true, failure: { why: 'hung' } });
  });

  test('timeout with a chain, where TLS comes about and HTTP does not', async () => {
    const port = await up(serve(https.createServer({ cert: ec.certificate, key: ec.key }, () => {})));
    const tried = await silence(port);
    expect(tried).toMatchObject({ connected: true, failure: { why: 'timeout' } });
    expect(tried.chain).toHaveLength(1);
  });

  test('reset', async () => {
    expect(await ended(await up(resetting()))).toMatchObject({ connected: true, failure: { why: 'reset' } });
  });

  test('closed', async () => {
    expect(await ended(await up(closing()))).toMatchObject({ connected: true, failure: { why: 'closed' } });
  });

  test.each(['HTTP/1.1 400 Bad Request\r\n\r\n', '<html><body>Login</body></html>', 'SSH-2.0-OpenSSH_9.2\r\n'])(
    'protocol, where TLS is answered with %j',
    async (text) => {
      expect(await ended(await up(saying(text)))).toMatchObject({ connected: true, failure: { why: 'protocol' } });
    },
  );

  test('protocol, where HTTP is answered with something else', async () => {
    expect(await ended(await up(saying('SSH-2.0-OpenSSH_9.2\r\n')), { scheme: 'http' })).toMatchObject({ failure: { why: 'protocol' } });
  });

  test.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'tls with the alert, where %s demands a certificate, and the chain is kept',
    async (version) => {
      const options = {
        cert: ec.certificate,
        key: ec.key,
        ca: authority.certificate,
        requestCert: true,
        rejectUnauthorized: true,
        maxVersion: version,
      };
      const port = await up(serve(https.createServer(options, hello)));
      const tried = await ended(port);
      expect(tried).toMatchObject({ connected: true, failure: { why: 'tls', alert: version === 'TLSv1.3' ? 116 : 40 } });
      expect(leaf(tried).checkIP('127.0.0.1')).toBe('127.0.0.1');
      const knocked = await knockAt(to(port), limits, never);
      expect(knocked.failure).toBeUndefined();
      expect(leaf(knocked).checkIP('127.0.0.1')).toBe('127.0.0.1');
    },
  );
});

describe.each(['-tls1_2', '-tls1_3'])('openssl as the server (%s) sends alerts, which are read', (version) => {
  const answer = async (client: Pair): Promise<RawTry> => {
    const port = await up(opensslServer(ec, authority, [version, '-Verify', '1', '-verify_return_error']));
    return attempt(to(port, { context: certificateContext(client) }), get, limits, never);
  };

  test('48 for a stranger, 45 for an expired certificate', async () => {
    expect((await answer(ecCertificate({ name: 'stranger' }, rsaAuthority('other')))).failure).toMatchObject({ why: 'tls', alert: 48 });
    expect((await answer(expired)).failure).toMatchObject({ why: 'tls', alert: 45 });
  });
});

describe('a knock', () => {
  test('tells an open port from a hung, a refused and a plain one', async () => {
    const secure = await up(serve(tls.createServer({ cert: ec.certificate, key: ec.key })));
    expect((await knockAt(to(secure), limits, never)).failure).toBeUndefined();
    expect((await knockAt(to(await up(frozen())), short, never)).failure?.why).toBe('hung');
    expect((await knockAt(to(await refusedPort()), limits, never)).failure?.why).toBe('refused');
    expect((await knockAt(to(await up(saying('HTTP/1.1 400\r\n\r\n'))), limits, never)).failure?.why).toBe('protocol');
  });
});

describe('nothing stays behind', () => {
  test('when the signal ends the try early, which is said by Stopped and not by a failure', async () => {
    const port = await up(silent());
    const began = performance.now();
    await expect(attempt(to(port), get, { connect: 5000, tls: 5000, firstByte: 5000 }, AbortSignal.timeout(100))).rejects.toBeInstanceOf(
      Stopped,
    );
    expect(performance.now() - began).toBeLessThan(400);
    await expect(attempt(to(port), get, limits, AbortSignal.abort())).rejects.toBeInstanceOf(Stopped);
  });

  test('no socket and no timer after any of the endings', async () => {
    const ports = [await up(silent()), await up(resetting()), await up(closing()), await up(saying('<html>')), await up(frozen())];
    await new Promise((resolve) => setTimeout(resolve, 20));
    const resources = (): number => process.getActiveResourcesInfo().filter((name) => /TCPSocket|TLS|Timeout|TCPConnect/.test(name)).length;
    const before = resources();
    await Promise.all(ports.map((port) => attempt(to(port), get, short, never)));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(resources()).toBeLessThanOrEqual(before);
  });
});

afterAll(async () => {
  await Promise.all(open.splice(0).map((patient) => patient.close()));
});
