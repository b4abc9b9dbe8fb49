// Is the operator's credential shown only to servers that prove themselves?
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openLiveSource } from '../../../src/sources/live.ts';
import { GapError, type Source } from '../../../src/sources/source.ts';
import { answering, apiServer, type ConfigParts, type Heard, kubeconfigText, scratch } from './kit/api.ts';
import { type Patient, refusedPort } from './kit/patients.ts';
import { ecCertificate, type Pair, rsaAuthority, rsaCertificate } from './kit/pki.ts';

const token = 'a-token-that-is-a-secret-1';
const never = new AbortController().signal;
const good = answering(200, { kind: 'NodeList', items: [] });

let authority: Pair;
let server: Pair;
let expired: Pair;
let elsewhere: Pair;
let stranger: Pair;
const clean: (() => unknown)[] = [];

beforeAll(() => {
  authority = rsaAuthority('kubernetes');
  server = rsaCertificate({ name: 'apiserver', hosts: ['127.0.0.1', '127.0.0.2', 'kubernetes.lab'] }, authority);
  expired = rsaCertificate(
    { name: 'apiserver', hosts: ['127.0.0.1', '127.0.0.2'], from: Date.now() - 9e8, until: Date.now() - 1000 },
    authority,
  );
  elsewhere = rsaCertificate({ name: 'apiserver', hosts: ['10.1.2.3', 'other.lab'] }, authority);
  stranger = rsaCertificate({ name: 'apiserver', hosts: ['127.0.0.1', '127.0.0.2'] }, rsaAuthority('kubernetes'));
});

afterEach(async () => {
  await Promise.all(clean.splice(0).map((undo) => undo()));
});

async function keep<P extends Patient>(patient: Promise<P>): Promise<P> {
  const one = await patient;
  clean.push(() => one.close());
  return one;
}

async function open(port: number, parts: Partial<ConfigParts> = {}, flags: object = {}): Promise<Source> {
  const text = kubeconfigText({ server: `https://127.0.0.1:${port}`, authority: authority.certificate, user: { token }, ...parts });
  const { folder, remove } = scratch({ config: text });
  const { source } = await openLiveSource(
    { kubeconfig: join(folder, 'config'), ...flags },
    { portForward: 'allowed', exec: 'forbidden' },
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

describe('a credential is shown only to a server that proves itself', () => {
  const withheld = async (own: Pair, parts: Partial<ConfigParts> = {}): Promise<Heard> => {
    const master = await keep(apiServer(own, good, '127.0.0.2'));
    const source = await open(await refusedPort(), parts);
    source.addWay('127.0.0.2', master.port);
    expect((await gapOf(source.kubernetes('/version', never))).detail).toContain('was not shown');
    const direct = {
      scheme: 'https',
      host: '127.0.0.2',
      port: master.port,
      path: '/version',
      deadlines: { connect: 5000, tls: 5000, firstByte: 5000 },
    } as const;
    const tried = await source.request({ ...direct, identity: 'operator', signal: never });
    expect(tried).toMatchObject({ connected: true, failure: { why: 'tls' } });
    expect(tried.chain.length).toBeGreaterThan(0);
    expect(master.requests).toEqual([]);
    expect((await source.request({ ...direct, identity: 'none', signal: never })).answer?.status).toBe(200);
    expect(master.requests).toMatchObject([{ authorization: '' }]);
    return master;
  };

  test('not after its certificate has expired', () => withheld(expired));
  test('not with a certificate for other names', () => withheld(elsewhere));
  test('not with an authority of the same name but another key', () => withheld(stranger));
  test('not to other addresses where the user waived the proof for one', () =>
    withheld(server, { cluster: { 'insecure-skip-tls-verify': true, 'certificate-authority-data': undefined } }));

  test('and never in the clear', async () => {
    const heard: string[] = [];
    const plain = await keep(
      (async () => {
        const { createServer } = await import('node:http');
        const { serve } = await import('./kit/patients.ts');
        return serve(
          createServer((request, response) => {
            heard.push(request.headers.authorization ?? '');
            good(request, response);
          }),
        );
      })(),
    );
    const source = await open(0, { server: `http://127.0.0.1:${plain.port}` });
    expect((await source.kubernetes('/version', never)).answer?.status).toBe(200);
    expect(heard).toEqual(['']);
  });

  test('but to a master that is certified for the name the kubeconfig uses', async () => {
    const named = rsaCertificate({ name: 'apiserver', hosts: ['kubernetes.lab'] }, authority);
    const master = await keep(apiServer(named, good, '127.0.0.2'));
    const source = await open(await refusedPort(), { cluster: { 'tls-server-name': 'kubernetes.lab' } });
    source.addWay('127.0.0.2', master.port);
    expect((await source.kubernetes('/version', never)).answer?.status).toBe(200);
    expect(master.requests[0]?.authorization).toBe(`Bearer ${token}`);
  });

  test('and where the kubeconfig holds only the authority in between, as Go’s clients accept', async () => {
    const between = rsaCertificate({ name: 'between', signs: true }, authority);
    const leaf = rsaCertificate({ name: 'apiserver', hosts: ['127.0.0.1'] }, between);
    const entry = await keep(apiServer(leaf, good));
    const source = await open(entry.port, { authority: between.certificate });
    expect((await source.kubernetes('/version', never)).answer?.status).toBe(200);
    const old = rsaCertificate({ name: 'apiserver', hosts: ['127.0.0.1'], from: Date.now() - 9e8, until: Date.now() - 1000 }, between);
    const expiredEntry = await keep(apiServer(old, good));
    const other = await open(expiredEntry.port, { authority: between.certificate });
    expect((await gapOf(other.kubernetes('/version', never))).detail).toContain('was not shown');
    expect(expiredEntry.requests).toEqual([]);
  });

  /** What a kubeconfig that trusts `trusted` makes of a server with this certificate, and what else it sends. */
  const shownTo = async (own: Pair, trusted: Pair, sentToo: readonly Pair[] = []): Promise<boolean> => {
    const chain = [own, ...sentToo].map((one) => one.certificate).join('');
    const entry = await keep(apiServer({ ...own, certificate: chain }, good, '127.0.0.1'));
    const source = await open(entry.port, { server: `https://localhost:${entry.port}`, authority: trusted.certificate });
    const shown = await source.kubernetes('/version', never).then(
      () => true,
      () => false,
    );
    expect(entry.requests).toHaveLength(shown ? 1 : 0);
    return shown;
  };

  test('and over an authority in between that the server sends along, if it is one', async () => {
    const between = rsaCertificate({ name: 'between', signs: true }, authority);
    const leaf = rsaCertificate({ name: 'apiserver', hosts: ['localhost'] }, between);
    expect(await shownTo(leaf, authority, [between])).toBe(true);
    expect(await shownTo(leaf, authority)).toBe(false);
    const none = rsaCertificate({ name: 'no authority', hosts: ['localhost'] }, authority);
    const byNone = rsaCertificate({ name: 'apiserver', hosts: ['localhost'] }, none);
    expect(await shownTo(byNone, authority, [none])).toBe(false);
    expect(await shownTo(byNone, none)).toBe(false);
  });

  test('but not over an authority that may not have signed that, as OpenSSL and Go see it', async () => {
    const last = rsaCertificate({ name: 'last', signs: true, between: 0 }, authority);
    const beyond = rsaCertificate({ name: 'beyond', signs: true }, last);
    expect(await shownTo(rsaCertificate({ name: 'apiserver', hosts: ['localhost'] }, beyond), authority, [beyond, last])).toBe(false);
    expect(await shownTo(rsaCertificate({ name: 'apiserver', hosts: ['localhost'] }, last), authority, [last])).toBe(true);
    const clients = rsaCertificate({ name: 'for clients', signs: true, clientOnly: true }, authority);
    const byClients = rsaCertificate({ name: 'apiserver', hosts: ['localhost'] }, clients);
    expect(await shownTo(byClients, authority, [clients])).toBe(false);
    expect(await shownTo(byClients, clients)).toBe(false);
  });

  test('and to the very certificate the kubeconfig holds', async () => {
    const itself = ecCertificate({ name: 'apiserver', hosts: ['localhost'] });
    expect(await shownTo(itself, itself)).toBe(true);
    expect(await shownTo(ecCertificate({ name: 'apiserver', hosts: ['localhost'] }), itself)).toBe(false);
  });

  test('but not to a client, nor by a common name or a part of a label', async () => {
    expect(await shownTo(rsaCertificate({ name: 'apiserver', hosts: ['localhost'] }, authority), authority)).toBe(true);
    expect(await shownTo(rsaCertificate({ name: 'apiserver', hosts: ['localhost'], clientOnly: true }, authority), authority)).toBe(false);
    expect(await shownTo(rsaCertificate({ name: 'localhost' }, authority), authority)).toBe(false);
    expect(await shownTo(rsaCertificate({ name: 'apiserver', hosts: ['local*'] }, authority), authority)).toBe(false);
  });

  test('and to the user’s own address where they waived the proof', async () => {
    const entry = await keep(apiServer(stranger, good));
    const source = await open(entry.port, {
      authority: '',
      cluster: { 'insecure-skip-tls-verify': true, 'certificate-authority-data': undefined },
    });
    expect((await source.kubernetes('/version', never)).answer?.status).toBe(200);
    expect(source.anchors('operator')).toEqual([]);
  });
});

describe('a password of HAProxy’s page is shown only to a server that proves itself', () => {
  const password = `Basic ${Buffer.from('admin:s3cret').toString('base64')}`;
  const ask = (source: Source, port: number) =>
    source.request({
      scheme: 'https',
      host: '127.0.0.1',
      port,
      path: '/stats;csv',
      headers: { authorization: password },
      identity: 'none',
      deadlines: { connect: 5000, tls: 5000, firstByte: 5000 },
      signal: never,
    });

  test.each([
    ['with a certificate of its own', () => stranger, 'unknown authority'],
    ['with an expired certificate', () => expired, 'expired'],
    ['with a certificate for other names', () => elsewhere, 'its certificate is for'],
  ])('not %s', async (_name, shown, why) => {
    const page = await keep(apiServer(shown(), good));
    const source = await open(await refusedPort());
    const tried = await ask(source, page.port);
    expect(tried).toMatchObject({ connected: true, failure: { why: 'tls', detail: expect.stringContaining(why) } });
    expect(tried.failure?.detail).toContain('was not shown to 127.0.0.1');
    expect(page.requests).toEqual([]);
  });

  test('not by an authority of the kubeconfig that waives the proof', async () => {
    const page = await keep(apiServer(server, good));
    const waived = { 'insecure-skip-tls-verify': true, 'certificate-authority-data': undefined };
    expect((await ask(await open(await refusedPort(), { cluster: waived }), page.port)).failure?.why).toBe('tls');
    expect(page.requests).toEqual([]);
  });

  test('but where the kubeconfig’s authority vouches, whether or not its certificate is sent along', async () => {
    const source = await open(await refusedPort());
    for (const certificate of [server.certificate, `${server.certificate}\n${authority.certificate}`]) {
      const page = await keep(apiServer({ ...server, certificate }, good));
      expect((await ask(source, page.port)).answer?.status).toBe(200);
      expect(page.requests).toMatchObject([{ authorization: password }]);
    }
  });
});
