// Are dead, hung, unready, foreign and healthy API servers told apart, within the time there is?
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import credential from '../../../../src/probes/api/credential.ts';
import metrics from '../../../../src/probes/api/metrics.ts';
import ready from '../../../../src/probes/api/ready.ts';
import lbCredential from '../../../../src/probes/lb/credential.ts';
import kubeletPort from '../../../../src/probes/node/kubelet-port.ts';
import { dropping, frozen, type Patient, refusedPort, saying } from '../../sources/kit/patients.ts';
import { apiServer, type Said } from '../kit/api-server.ts';
import { masterAt, surroundings } from '../kit/around.ts';
import { Authority, type Issued, temporaryFolder } from '../kit/authority.ts';

const folder = temporaryFolder();
const day = 86_400_000;
const patients: Patient[] = [];
let authority: Authority;
let good = '';
let port = 0;

beforeAll(async () => {
  authority = new Authority(folder.path, { from: Date.now() - 100 * day });
  port = await serve(() => ({ status: 200, body: 'ok' }));
  good = `https://127.0.0.1:${port}`;
});
afterAll(async () => {
  await Promise.all(patients.map((one) => one.close()));
  folder.remove();
});

async function serve(answer: (path: string, hasLogin: boolean) => Said, own = authority.issue()): Promise<number> {
  const server = await apiServer(own, answer, authority);
  patients.push(server);
  return server.port;
}

async function look(at: number, client?: Issued) {
  const master = masterAt('127.0.0.1', at);
  const around = await surroundings({
    topology: { masters: [master] },
    api: { server: good, authority: authority.own, ...(client && { client }) },
  });
  const begun = Date.now();
  const { tries, login } = ready.read((await ready.gather(master.subject, around)).raw);
  return { tries, login, took: Date.now() - begun, last: tries[tries.length - 1] };
}

describe('api.ready', () => {
  test('a web page is no answer of an API server, whatever its status says', async () => {
    const portal = { status: 200, body: '<!DOCTYPE html><html><head><title>Log in to the\u001b[31m guest network</title></head></html>' };
    const { last } = await look(await serve(() => portal));
    expect(last?.outcome).toEqual({
      kind: 'failed',
      why: 'protocol',
      detail: 'answered 200 with a web page (“Log in to the guest network”): something else than an API server is there',
    });
  });

  test('an error page of a proxy stays an answer with its status', async () => {
    const { last } = await look(await serve(() => ({ status: 503, body: '<html><body><h1>503 Service Unavailable</h1></body></html>' })));
    expect(last?.outcome).toMatchObject({ kind: 'answered', status: 503 });
  });

  test('healthy and trusted: one try', async () => {
    // On a machine that is busy with other tests an answer can take longer than the pause before a second try.
    await expect.poll(async () => (await look(port)).tries.length, { timeout: 15_000 }).toBe(1);
    const { tries } = await look(port);
    expect(tries[0]).toMatchObject({ outcome: { kind: 'answered', status: 200, body: 'ok' }, trust: { kind: 'trusted' }, connected: true });
    expect(tries[0]?.chain[0]).toMatchObject({ subject: 'CN=kube-apiserver', addresses: ['127.0.0.1'] });
  });

  test('strangers refused: it is asked once more with the login', async () => {
    const client = authority.issue({ subject: '/CN=admin', names: 'DNS:admin' });
    const { login, last } = await look(
      await serve((_path, hasLogin) => (hasLogin ? { status: 200, body: 'ok' } : { status: 403, body: '' })),
      client,
    );
    expect([last?.outcome, login?.outcome]).toMatchObject([{ status: 403 }, { status: 200 }]);
    const blind = await look(await serve(() => ({ status: 403, body: '' })));
    expect(blind.login?.outcome).toMatchObject({ status: 403 });
    expect((await look(port)).login).toBeUndefined();
  });

  test('unready: the names of the failing checks survive, and it is asked three times', async () => {
    const body = '[+]ping ok\n[-]etcd failed: reason withheld\n[-]etcd-readiness failed: reason withheld\nreadyz check failed\n';
    const { tries } = await look(await serve(() => ({ status: 500, body })));
    expect(tries.map((one) => one.outcome)).toMatchObject(Array(3).fill({ kind: 'answered', status: 500, body }));
  });

  test('etcd is silent: the shorter question says so, and the longer one is not waited for', async () => {
    const short = '[-]etcd failed: reason withheld\n[+]etcd-readiness excluded: ok\nreadyz check failed\n';
    const asked = new Set<string>();
    const answer = (path: string): Said => {
      asked.add(path);
      return path === '/readyz' ? { status: 500, body: 'both', after: 30_000 } : { status: 500, body: short, after: 100 };
    };
    const { tries } = await look(await serve(answer));
    expect(asked).toEqual(new Set(['/readyz', '/readyz?exclude=etcd-readiness']));
    expect(new Set(tries.map(({ outcome }) => outcome.kind === 'answered' && outcome.body))).toEqual(new Set([short]));
  });

  test('a long answer is waited for where the shorter question blames something else', async () => {
    const body = '[-]informer-sync failed: reason withheld\nreadyz check failed\n';
    const { tries } = await look(await serve((path) => ({ status: 500, body, after: path === '/readyz' ? 1500 : 0 })));
    expect(tries).toHaveLength(3);
  });

  test('an expired certificate answers and is not trusted; so does one of another authority', async () => {
    const expired = authority.issue({ from: Date.now() - 9 * day, until: Date.now() - day });
    const { tries } = await look(await serve(() => ({ status: 200, body: 'ok' }), expired));
    expect(tries[0]).toMatchObject({ outcome: { status: 200 }, trust: { kind: 'untrusted', why: 'expired' } });
    const foreign = new Authority(folder.path).issue();
    expect((await look(await serve(() => ({ status: 200, body: 'ok' }), foreign))).last).toMatchObject({
      trust: { why: 'unknown-authority' },
    });
  });

  test('refused, frozen and dropped, each within its deadlines', async () => {
    const [ice, hole] = [await frozen(), await dropping()];
    patients.push(ice, hole);
    const [refused, hung, dropped] = await Promise.all([look(await refusedPort()), look(ice.port), look(hole.port)]);
    expect(refused.tries.map((one) => one.outcome)).toMatchObject(Array(3).fill({ kind: 'failed', why: 'refused' }));
    // The third one may find the queue of a process that never accepts already full.
    expect(hung.tries[0]).toMatchObject({ connected: true, outcome: { why: 'hung' } });
    expect(dropped.last).toMatchObject({ connected: false, outcome: { why: 'timeout' } });
    for (const one of [refused, hung, dropped]) expect(one.took).toBeLessThan(6000);
  });

  test('plain HTTP where TLS should be is said', async () => {
    const plain = await saying('HTTP/1.1 400 Bad Request\r\n\r\n');
    patients.push(plain);
    expect((await look(plain.port)).last).toMatchObject({ outcome: { kind: 'failed', why: 'protocol' }, connected: true });
  });
});

describe('logins', () => {
  const answer = (_: string, hasLogin: boolean): Said =>
    hasLogin ? { status: 200, body: '{"kind":"Namespace"}' } : { status: 401, body: '{}' };

  test('accepted, refused, and never shown to a stranger', async () => {
    const client = authority.issue({ subject: '/CN=admin', names: 'DNS:admin' });
    const at = await serve(answer);
    const stranger = await serve(answer, new Authority(folder.path).issue());
    const api = { server: `https://127.0.0.1:${at}`, authority: authority.own };
    const masters = [masterAt('127.0.0.1', at), masterAt('127.0.0.1', stranger)];
    const around = await surroundings({ topology: { masters }, api: { ...api, client } });
    const direct = async (index: number, where = around) => {
      const subject = masters[index]?.subject ?? around.topology.entry?.subject;
      if (subject === undefined) throw new Error('no subject');
      return credential.read((await credential.gather(subject, where)).raw).last;
    };
    expect(await direct(0)).toMatchObject({ outcome: { kind: 'answered', status: 200 }, trust: { kind: 'trusted' } });
    const anonymous = await surroundings({ topology: { masters }, api });
    expect(await direct(0, anonymous)).toMatchObject({ outcome: { kind: 'answered', status: 401 } });
    expect(await direct(1)).toMatchObject({
      outcome: { kind: 'failed', why: 'tls' },
      trust: { kind: 'untrusted', why: 'unknown-authority' },
    });
    const lb = around.topology.entry?.subject;
    if (lb === undefined) throw new Error('no entry');
    expect(lbCredential.read((await lbCredential.gather(lb, around)).raw).last).toMatchObject({ outcome: { status: 200 } });
  });
});

describe('api.metrics', () => {
  test('keeps what is needed, and says who stood in the way when it cannot be had', async () => {
    const text = `# HELP x\nnoise{a="b"} 1\n${'filler 1\n'.repeat(1000)}apiserver_request_total{code="200"} 7\napiserver_request_total{code="503"} 2\n`;
    const allowed = masterAt('127.0.0.1', await serve(() => ({ status: 200, body: text })));
    const denied = masterAt(
      '127.0.0.1',
      await serve(() => ({ status: 403, body: '{"message":"forbidden: User \\"x\\" cannot get path"}' })),
    );
    const silent = masterAt('127.0.0.1', await refusedPort());
    const around = await surroundings({
      topology: { masters: [allowed, denied, silent] },
      api: { server: good, authority: authority.own },
    });
    const { raw } = await metrics.gather(allowed.subject, around);
    expect(raw.length).toBeLessThan(4000);
    expect(metrics.read(raw)).toEqual({ requests: 9, serverErrors: 2, terminated: 0 });
    await expect(metrics.gather(denied.subject, around)).rejects.toMatchObject({
      gap: { gap: 'denied', detail: expect.stringContaining('cannot get path') },
    });
    await expect(metrics.gather(silent.subject, around)).rejects.toMatchObject({
      gap: { gap: 'failed', through: `apiserver/${silent.subject.id}` },
    });
  });
});

test('a node without an address is a gap', async () => {
  const subject = { kind: 'node' as const, id: 'w9', name: 'w9', keys: { node: 'w9' } };
  const around = await surroundings({ topology: { machines: [{ subject, controlPlane: false }] } });
  await expect(kubeletPort.gather(subject, around)).rejects.toMatchObject({ gap: { gap: 'absent' } });
});
