// Does a kubelet that gets a new login keep the server it was sent to, and end with a certificate that renews itself?
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { viewOf } from '../../../../src/judge/judge.ts';
import { besideFolder } from '../../../../src/judge/plans/exchange-files.ts';
import { planToGiveLogin } from '../../../../src/judge/plans/give-login.ts';
import type { Fix } from '../../../../src/model/rule.ts';
import { failedTries, healthyWorld } from '../../../kit/world.ts';

const binaries = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'ha-doctor/binaries');
const kubeadms = (existsSync(binaries) ? readdirSync(binaries) : [])
  .map((name) => join(binaries, name, 'kubeadm'))
  .filter((path) => existsSync(path));

const world = healthyWorld();
const seen = viewOf(world.evidence, world.topology);
const current = '/var/lib/kubelet/pki/kubelet-client-current.pem';
const config = '/etc/kubernetes/kubelet.conf';
const own = `    client-certificate: ${current}\n    client-key: ${current}\n`;
const old = `clusters:\n- cluster:\n    server: https://lb.example:8443\n  name: default-cluster\nusers:\n- user:\n${own}`;
let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'ha-doctor-login-'));
  for (const folder of ['/root', '/bin', '/etc/kubernetes/pki', '/etc/kubernetes/manifests', '/var/lib/kubelet/pki'])
    mkdirSync(join(root, folder), { recursive: true });
  const pair = ['-keyout', at('/etc/kubernetes/pki/ca.key'), '-out', at('/etc/kubernetes/pki/ca.crt')];
  const made = spawnSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '9', '-subj', '/CN=kubernetes', ...pair]);
  expect(made.status).toBe(0);
  const flags = ['--advertise-address=10.99.0.12', '--secure-port=7443'].map((flag) => `    - ${flag}\n`);
  writeFileSync(at('/etc/kubernetes/manifests/kube-apiserver.yaml'), flags.join(''));
  writeFileSync(at(config), old);
  writeFileSync(at('/var/lib/kubelet/pki/kubelet-client-2025.pem'), 'ended');
  symlinkSync(at('/var/lib/kubelet/pki/kubelet-client-2025.pem'), at(current));
  program('systemctl', `echo "$@" >> ${join(root, 'asked')}`);
  program('timeout', 'exit 0');
  const cluster = ['apiVersion: kubeadm.k8s.io/v1beta4', 'kind: ClusterConfiguration', 'kubernetesVersion: v1.34.4', 'clusterName: prod'];
  const settings = [...cluster, 'controlPlaneEndpoint: 10.99.0.10:6443', 'certificatesDir: /etc/kubernetes/pki'];
  program('kubectl', `printf '%s\\n' ${settings.map((line) => `'${line}'`).join(' ')}`);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function at(path: string): string {
  return join(root, path);
}

/** A program of the machine that is here for this test only. */
function program(name: string, script: string): void {
  writeFileSync(at(`/bin/${name}`), `#!/bin/bash\n${script}\n`);
  chmodSync(at(`/bin/${name}`), 0o755);
}

/** Pastes all lines of these steps at once: whatever one line meets, the next is run. */
function paste(...lines: readonly string[]): void {
  const script = lines.join('\n').replaceAll(/(?<![\w.])\/(etc\/kubernetes|root\/|var\/lib\/kubelet)/g, `${root}/$1`);
  spawnSync('/bin/bash', ['-c', script], { env: { PATH: `${at('/bin')}:/usr/bin:/bin`, HOME: root }, stdio: 'ignore' });
}

function lastTwo(steps: readonly Fix[]): readonly [Fix, Fix] {
  const [, bring, own] = steps;
  if (bring === undefined || own === undefined) throw new Error('there are three steps');
  return [bring, own];
}

const made =
  "printf '%s\\n' 'clusters:' '- cluster:' '    server: https://10.99.0.12:6443' 'users:' '    client-certificate-data: QQ==' '    client-key-data: QQ=='";
const text = (): string => readFileSync(at(config), 'utf8');

test('the cluster’s configuration goes along, and the server stays the one it was', () => {
  program('kubeadm', `echo "$@" > ${join(root, 'kubeadm')}; ${made}`);
  const steps = planToGiveLogin(seen, 'm2', []);
  const [bring] = lastTwo(steps);
  paste(...(steps[0]?.run ?? []));
  expect(readFileSync(at('/kubeadm'), 'utf8')).toBe(
    `kubeconfig user --config ${at(besideFolder(seen))}/kubeadm.yaml --org system:nodes --client-name system:node:m2\n`,
  );
  paste(...bring.run);
  expect(text()).toContain('server: https://lb.example:8443\n');
  expect(text()).toContain('client-certificate-data');
  expect(existsSync(at(current))).toBe(false);
  paste(...(bring.undo ?? []));
  expect([text(), readFileSync(at(current), 'utf8')]).toEqual([old, 'ended']);
});

test('once the kubelet has its own again, the file names that', () => {
  program('kubeadm', made);
  const steps = planToGiveLogin(seen, 'm2', []);
  const [bring, own] = lastTwo(steps);
  paste(...(steps[0]?.run ?? []), ...bring.run, ...own.run);
  expect(text()).toContain('client-key-data');
  writeFileSync(at(current), 'renewed');
  paste(...own.run);
  expect(text()).toContain(`client-certificate: ${at(current)}\n`);
  expect(text()).toContain(`client-key: ${at(current)}\n`);
  expect(readFileSync(at('/asked'), 'utf8')).toBe('restart kubelet\n'.repeat(2));
});

test.each([
  ['kubeadm makes nothing', 'exit 1', old],
  ['the old file names no server', made, 'users: []\n'],
])('where %s the old login stays', (_, kubeadm, before) => {
  program('kubeadm', kubeadm);
  writeFileSync(at(config), before);
  paste(...planToGiveLogin(seen, 'm2', []).flatMap(({ run }) => run));
  expect([text(), readFileSync(at(current), 'utf8')]).toEqual([before, 'ended']);
});

test('a worker’s is made on a master that serves, and brought', () => {
  expect(planToGiveLogin(seen, 'w1', []).map(({ where }) => where)).toEqual(['m1', 'w1', 'w1']);
  const other = healthyWorld().set('api.ready', 'm1', { tries: failedTries('m1', 'refused') });
  const [make, bring] = planToGiveLogin(viewOf(other.evidence, other.topology), 'w1', []);
  expect(make?.where).toBe('m2');
  expect(bring?.run.join('\n')).toContain(`scp root@m2:${besideFolder(seen)}/kubelet.conf /root/kubelet.conf`);
});

if (kubeadms.length === 0) test.skip('NOT RUN: no kubeadm is built here (npm run lab -- setup)', () => {});

describe.each(kubeadms)('%s', (path) => {
  test('writes what these steps take into use', () => {
    program('kubeadm', `exec ${path} "$@"`);
    const steps = planToGiveLogin(seen, 'm2', []);
    const [bring, own] = lastTwo(steps);
    paste(...(steps[0]?.run ?? []));
    const written = readFileSync(at(`${besideFolder(seen)}/kubelet.conf`), 'utf8');
    expect(written).toContain('server: https://10.99.0.10:6443\n  name: prod\n');
    const data = /client-certificate-data: (\S+)/.exec(written)?.[1] ?? '';
    const shown = spawnSync('openssl', ['x509', '-noout', '-subject'], { input: Buffer.from(data, 'base64'), encoding: 'utf8' });
    expect(shown.stdout.replaceAll(' ', '')).toBe('subject=O=system:nodes,CN=system:node:m2\n');
    paste(...bring.run);
    writeFileSync(at(current), 'renewed');
    paste(...own.run);
    const final = text();
    expect(final).toContain('server: https://lb.example:8443\n  name: prod\n');
    expect(final).toContain(`client-certificate: ${at(current)}\n    client-key: ${at(current)}\n`);
    expect(final).not.toContain('-data: LS0tLS1CRUdJTiBSU0E');
  }, 20_000);
});
