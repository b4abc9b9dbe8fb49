// Does a credential plugin get its say, and not more time than that?
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { openLiveSource } from '../../../src/sources/live.ts';
import { GapError, type RawTry } from '../../../src/sources/source.ts';
import { answering, apiServer, type Heard, kubeconfigText, scratch } from './kit/api.ts';
import { ecCertificate, type Pair, rsaAuthority, rsaCertificate } from './kit/pki.ts';

let authority: Pair;
let server: Pair;
const clean: (() => unknown)[] = [];

beforeAll(() => {
  authority = rsaAuthority('kubernetes');
  server = rsaCertificate({ name: 'apiserver', hosts: ['127.0.0.1'] }, authority);
});
afterEach(async () => {
  await Promise.all(clean.splice(0).map((undo) => undo()));
});

interface Run {
  readonly folder: string;
  readonly api: Heard;
  readonly ask: (signal?: AbortSignal) => Promise<RawTry>;
}

async function run(script: string, exec: object = {}, user: object = {}): Promise<Run> {
  const api = await apiServer(server, answering(200, {}));
  const entry = { command: './plugin.sh', args: ['one', 'two'], apiVersion: 'client.authentication.k8s.io/v1', ...exec };
  const text = kubeconfigText({
    server: `https://127.0.0.1:${api.port}`,
    authority: authority.certificate,
    user: { exec: entry, ...user },
  });
  const { folder, remove } = scratch({ config: text, 'plugin.sh': `#!/bin/sh\n${script}\n` });
  const { source } = await openLiveSource({ kubeconfig: join(folder, 'config') }, { portForward: 'allowed', exec: 'forbidden' }, {});
  clean.push(
    () => source.close(),
    () => api.close(),
    remove,
  );
  return { folder, api, ask: (signal = new AbortController().signal) => source.kubernetes('/version', signal) };
}

async function gapOf(work: Promise<unknown>): Promise<GapError['gap']> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof GapError)) throw new Error(`expected a gap, got ${String(error)}`);
  return error.gap;
}

const credential = (status: object): string =>
  `cat <<'END'\n${JSON.stringify({ apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status })}\nEND`;

test('its token is used; it is asked once, with its arguments, its environment and the cluster', async () => {
  const script = `echo "$@" "$COLOUR" >> "$(dirname "$0")/calls"; echo "$KUBERNETES_EXEC_INFO" > "$(dirname "$0")/info"; ${credential({ token: 'from-plugin' })}`;
  const { folder, api, ask } = await run(script, { env: [{ name: 'COLOUR', value: 'red' }], provideClusterInfo: true });
  await Promise.all([ask(), ask(), ask()]);
  expect(new Set(api.requests.map((one) => one.authorization))).toEqual(new Set(['Bearer from-plugin']));
  expect(readFileSync(join(folder, 'calls'), 'utf8')).toBe('one two red\n');
  expect(JSON.parse(readFileSync(join(folder, 'info'), 'utf8'))).toMatchObject({
    kind: 'ExecCredential',
    spec: { interactive: false, cluster: { server: `https://127.0.0.1:${api.port}` } },
  });
});

test('its certificate is used', async () => {
  const client = ecCertificate({ name: 'plugin' }, authority);
  const { ask } = await run(credential({ clientCertificateData: client.certificate, clientKeyData: client.key }));
  expect((await ask()).answer?.status).toBe(200);
  const broken = await run(credential({ clientCertificateData: 'x', clientKeyData: 'y' }));
  expect((await gapOf(broken.ask())).detail).toContain('not usable');
});

test('one that hangs is ended after 5 s together with its children, and named', async () => {
  const { folder, ask } = await run('echo $$ > "$(dirname "$0")/pid"; sleep 60 & echo $! > "$(dirname "$0")/child"; wait');
  const began = performance.now();
  expect(await gapOf(ask())).toMatchObject({ gap: 'timeout', detail: 'The credential plugin ./plugin.sh did not answer within 5 s.' });
  expect(performance.now() - began).toBeLessThan(6000);
  await new Promise((resolve) => setTimeout(resolve, 100));
  for (const name of ['pid', 'child']) expect(isAlive(Number(readFileSync(join(folder, name), 'utf8')))).toBe(false);
}, 10_000);

test('the run does not wait for it longer than its own time', async () => {
  const { ask } = await run('sleep 60');
  const began = performance.now();
  expect((await gapOf(ask(AbortSignal.timeout(200)))).gap).toBe('timeout');
  expect(performance.now() - began).toBeLessThan(600);
});

test.each([
  [
    'one that fails',
    'echo "login expired, token=abc123secret" >&2; exit 3',
    /failed with exit code 3: login expired, token=redacted:[0-9a-f]{12}\.$/,
  ],
  ['one that prints something else', 'echo hello', /did not print an ExecCredential\.$/],
  ['one that prints no credential', credential({}), /printed no credential\.$/],
])('%s is named with what it did', async (_name, script, sentence) => {
  const { api, ask } = await run(script);
  expect((await gapOf(ask())).detail).toMatch(sentence);
  expect(api.requests).toEqual([]);
});

test('one that is not installed, or wants a terminal', async () => {
  expect((await gapOf((await run('', { command: 'no-such-plugin-1' })).ask())).detail).toBe(
    'The credential plugin no-such-plugin-1 is not installed here.',
  );
  const asking = await run('touch "$(dirname "$0")/ran"', { interactiveMode: 'Always' });
  expect((await gapOf(asking.ask())).detail).toContain('wants a terminal');
  expect(existsSync(join(asking.folder, 'ran'))).toBe(false);
});

test('an old auth provider gives the token it holds, and is not made to renew it', async () => {
  const jwt = (exp: number): string => `e30.${Buffer.from(JSON.stringify({ exp })).toString('base64url')}.x`;
  const provider = (exp: number): object => ({
    exec: undefined,
    'auth-provider': { name: 'oidc', config: { 'id-token': jwt(exp), 'refresh-token': 'r', 'idp-issuer-url': 'https://127.0.0.1:1' } },
  });
  const valid = await run('', {}, provider(4e9));
  await valid.ask();
  expect(valid.api.requests[0]?.authorization).toBe(`Bearer ${jwt(4e9)}`);
  expect(await gapOf((await run('', {}, provider(1000))).ask())).toMatchObject({
    gap: 'denied',
    detail: expect.stringContaining('has expired; kubectl renews it'),
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
