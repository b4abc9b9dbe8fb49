// Does the package work as it is shipped: built, started by name, found by kubectl, and inside another oclif CLI?
import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packPackage } from './packed.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
let place = '';
let installed = '';
let bin = '';

beforeAll(async () => {
  place = mkdtempSync(join(tmpdir(), 'ha-doctor-package-'));
  installed = await packPackage(root, place);
  bin = join(place, 'bin');
  mkdirSync(bin);
  const { bin: names } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as { bin: Record<string, string> };
  // As npm links them.
  for (const [name, target] of Object.entries(names)) symlinkSync(join(installed, target), join(bin, name));
}, 120_000);

afterAll(() => rmSync(place, { recursive: true, force: true }));

const clean = { ...process.env, NODE_EXTRA_CA_CERTS: undefined, KUBECONFIG: undefined, NO_COLOR: undefined, LC_ALL: 'C.UTF-8' };

function run(command: string, ...argv: readonly string[]): SpawnSyncReturns<string> {
  return spawnSync(command, argv, {
    encoding: 'utf8',
    cwd: place,
    env: { ...clean, HOME: place, PATH: `${bin}${delimiter}${process.env['PATH']}` },
  });
}

const doctor = (...argv: readonly string[]) => run('ha-doctor', ...argv);

describe('by itself', () => {
  test('carries no sources, and what it carries starts', () => {
    expect(existsSync(join(installed, 'src/cli'))).toBe(false);
    expect(doctor('--version').stdout).toMatch(/^ha-doctor\/\d+\.\d+\.\d+ /);
  });

  test('takes its code from the cache made for this version of Node, and works without it', () => {
    const dist = join(installed, 'dist');
    const caches = readdirSync(dist).filter((name) => name.endsWith('.cache'));
    expect(caches).toContain(`cli-${process.version}-${process.arch}.cache`);
    const script = `const s = require(${JSON.stringify(join(installed, 'bin/start.cjs'))}); s.load('command-line'); console.log(s.loaded.get('command-line').script.cachedDataRejected)`;
    expect(run(process.execPath, '-e', script).stdout.trim()).toBe('false');
    const whole = doctor('rules').stdout;
    for (const name of caches) rmSync(join(dist, name));
    expect(doctor('rules').stdout).toBe(whole);
  });

  test('help names the commands, the default and every exit code', () => {
    const { stdout, status } = doctor('--help');
    expect(status).toBe(0);
    for (const word of ['diagnose', 'tree', 'explain', 'rules', '130', 'vital']) expect(stdout).toContain(word);
    expect(doctor('diagnose', '--help').stdout).toContain('--no-port-forward');
  });

  test.each([
    [['--bogus'], '--bogus'],
    [['frobnicate'], 'frobnicate'],
    [['--kubeconfig', '/nonexistent'], '/nonexistent'],
    [['--from', '/nonexistent'], '/nonexistent'],
    [['--timeout', 'soon'], '--timeout'],
    [['--only', 'nowhere', '--from', '.'], 'nowhere'],
    [['--output', 'xml'], 'xml'],
    [['tree', '--only', 'nowhere'], 'nowhere'],
    [['rules', '--area', 'nowhere'], 'nowhere'],
    [['explain'], 'name a rule'],
    [['explain', 'what', 'nobody', 'knows'], 'what nobody knows'],
    [['rules', 'too', 'much'], 'too'],
  ])('%j is one sentence and exit code 2', (argv, about) => {
    const { stdout, stderr, status } = doctor(...argv);
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain(about);
    expect(stderr).toMatch(/^Error: /);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test('a reader who stops reading is no error', () => {
    const script = `ha-doctor explain connection refused | head -c 1 >/dev/null; echo "\${PIPESTATUS[0]}"`;
    const { stdout, stderr } = run('bash', '-c', script);
    expect(stdout.trim()).toBe('0');
    expect(stderr).toBe('');
  });
});

describe('against an API that never answers', () => {
  test('Ctrl-C prints what is known and ends with 130', async () => {
    const server = createServer((socket) => socket.on('error', () => {}));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const child = spawn(join(bin, 'ha-doctor'), ['--kubeconfig', writeKubeconfig(port)], { env: { ...clean, HOME: place } });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (data) => (stdout += data));
    child.stderr.on('data', (data) => (stderr += data));
    await new Promise((resolve) => server.once('connection', () => setTimeout(resolve, 200)));
    child.kill('SIGINT');
    const code = await new Promise((resolve) => child.once('close', resolve));
    server.close();
    expect(stderr).toContain('Stopping');
    expect(stdout).toContain('INTERRUPTED');
    expect(code).toBe(130);
  });

  test('only JSON is on stdout with -o json', () => {
    const { stdout, stderr, status } = doctor('--kubeconfig', writeKubeconfig(1), '-o', 'json');
    expect(JSON.parse(stdout).schema).toBe(1);
    expect(stderr).toBe('');
    expect([3, 5]).toContain(status);
  });
});

/** kubectl itself, where the machine has it. */
const kubectl = spawnSync('kubectl', ['version', '--client']).status === 0;

describe.skipIf(!kubectl)('as a plugin of kubectl (skipped where there is no kubectl)', () => {
  test('kubectl finds it and passes everything on', () => {
    const { stdout, status } = run('kubectl', 'ha-doctor', 'rules', '--area', 'etcd');
    expect(status).toBe(0);
    expect(stdout).toContain('etcd-quorum-lost');
  });

  test('it calls itself what people type, and its exit code comes through', () => {
    expect(run('kubectl', 'ha-doctor', '--help').stdout).toContain('$ kubectl ha-doctor');
    expect(run('kubectl', 'ha-doctor', '--kubeconfig', '/nonexistent').status).toBe(2);
  });

  test('kubectl completes it', () => {
    expect(run('kubectl', '__complete', 'ha-doctor', 'explain', 'etcd-quorum').stdout).toContain('etcd-quorum-lost');
    expect(run('kubectl', '__complete', 'ha-doctor', '--only', 'e').stdout).toMatch(/^etcd$/m);
  });
});

describe('inside another oclif CLI', () => {
  let host = '';

  beforeAll(() => {
    host = join(place, 'host');
    mkdirSync(join(host, 'node_modules/@oclif'), { recursive: true });
    symlinkSync(join(root, 'node_modules/@oclif/core'), join(host, 'node_modules/@oclif/core'));
    cpSync(installed, join(host, 'node_modules/ha-doctor'), { recursive: true });
    const oclif = { bin: 'host', plugins: ['ha-doctor'], topicSeparator: ' ' };
    writeFileSync(
      join(host, 'package.json'),
      JSON.stringify({ name: 'host', version: '1.0.0', type: 'module', dependencies: { 'ha-doctor': '*' }, oclif }),
    );
    writeFileSync(join(host, 'run.js'), "import { execute } from '@oclif/core';\nawait execute({ dir: import.meta.url });\n");
  });

  const inHost = (...argv: readonly string[]) => run(process.execPath, join(host, 'run.js'), ...argv);

  test('its commands live under the topic ha', () => {
    expect(inHost('--help').stdout).toMatch(/^ {2}ha /m);
    const help = inHost('ha', '--help').stdout;
    for (const name of ['diagnose', 'explain', 'rules', 'tree']) expect(help).toContain(`ha ${name}`);
  });

  test('they run, and end as they do elsewhere', () => {
    expect(inHost('ha', 'rules').stdout).toContain('etcd-quorum-lost');
    const refused = inHost('ha', 'diagnose', '--kubeconfig', '/nonexistent');
    expect(refused.status).toBe(2);
    expect(refused.stderr).toMatch(/^Error: /);
    expect(inHost('ha', 'explain', 'etcdserver: no leader').stdout).toContain('host ha diagnose --only etcd');
  });
});

describe('from a checkout that was never built', () => {
  const checkout = (...names: readonly string[]) => {
    const folder = mkdtempSync(join(place, 'checkout-'));
    for (const name of names) cpSync(join(root, name), join(folder, name), { recursive: true });
    return folder;
  };

  test('the sources run', () => {
    const folder = checkout('bin', 'commands', 'rules', 'src', 'package.json');
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    const { stdout, stderr, status } = run(join(folder, 'bin/kubectl-ha_doctor'), 'explain', 'etcdserver: no leader');
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    expect(stdout).toContain('kubectl ha-doctor --only etcd');
  });

  test('without its dependencies it says what to run', () => {
    const { stderr, status } = run(join(checkout('bin', 'package.json'), 'bin/ha-doctor.cjs'), 'rules');
    expect(status).toBe(1);
    expect(stderr).toBe('ha-doctor is not built here. In its folder, run: npm install && npm run build\n');
  });
});

test('the names a shell looks for are there, also in a checkout', () => {
  for (const name of ['ha-doctor.cjs', 'kubectl-ha_doctor', 'kubectl_complete-ha_doctor']) {
    expect(statSync(join(root, 'bin', name)).mode & 0o111).not.toBe(0);
  }
});

function writeKubeconfig(port: number): string {
  const path = join(place, `kubeconfig-${port}`);
  const cluster = { server: `https://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster }],
    users: [{ name: 'u', user: { token: 'none' } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  };
  writeFileSync(path, JSON.stringify(config));
  return path;
}
