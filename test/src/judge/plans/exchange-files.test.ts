// Do the printed lines leave what is in use as it was when something on the way fails, and take the new pair into use when nothing does?
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { viewOf } from '../../../../src/judge/judge.ts';
import { apiNeed, besideFolder, deleteCopies, keptCopy } from '../../../../src/judge/plans/exchange-files.ts';
import { planToReissue } from '../../../../src/judge/plans/reissue-certificate.ts';
import type { Fix } from '../../../../src/model/rule.ts';
import { failedTries, healthyWorld } from '../../../kit/world.ts';

const world = healthyWorld();
const seen = viewOf(world.evidence, world.topology);
let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'ha-doctor-exchange-'));
  mkdirSync(join(root, 'root'));
  mkdirSync(join(root, 'bin'));
  mkdirSync(inside('/etc/kubernetes/manifests'), { recursive: true });
  mkdirSync(inside('/etc/kubernetes/pki'));
  for (const name of ['apiserver.crt', 'apiserver.key']) writeFileSync(inside(`/etc/kubernetes/pki/${name}`), `old ${name}`);
  const flags = ['--advertise-address=10.99.0.12', '--secure-port=7443'].map((flag) => `    - ${flag}\n`);
  writeFileSync(inside('/etc/kubernetes/manifests/kube-apiserver.yaml'), flags.join(''));
  openssl('req -x509 -newkey rsa:2048 -nodes -days 9 -subj /CN=kubernetes -keyout ca.key -out ca.crt');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function inside(path: string): string {
  return path.replace(/^\/(etc|root)(?=\/)/, `${root}/$1`);
}

function openssl(words: string): void {
  const { status, stderr } = spawnSync('openssl', words.split(' '), { cwd: inside('/etc/kubernetes/pki'), encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
}

/** Pastes all lines at once: whatever one line meets, the next is run. */
function paste(lines: readonly string[]): void {
  const script = lines.join('\n').replaceAll(/\/(etc|root)\/kubernetes/g, `${root}/$1/kubernetes`);
  spawnSync('/bin/bash', ['-c', script], { env: { PATH: `${join(root, 'bin')}:/usr/bin:/bin` }, stdio: 'ignore' });
}

/** A program of the machine that is here for this test only. */
function program(name: string, script: string): void {
  writeFileSync(join(root, 'bin', name), `#!/bin/bash\n${script}\n`);
  chmodSync(join(root, 'bin', name), 0o755);
}

function inUse(): readonly string[] {
  return ['apiserver.crt', 'apiserver.key'].map((name) => readFileSync(inside(`/etc/kubernetes/pki/${name}`), 'utf8'));
}

const plan = (): Fix => planToReissue({ node: 'm2', role: 'apiserver', where: '10.89.0.12:6443', served: true, look: '-subject' }, seen);
const old = ['old apiserver.crt', 'old apiserver.key'];
const answers = "echo 'apiVersion: kubeadm.k8s.io/v1beta4'; echo 'certificatesDir: /etc/kubernetes/pki'";

test('without an answer of the API, and without kubeadm, the pair in use stays', () => {
  program('kubectl', 'exit 1');
  program('kubeadm', 'exit 1');
  paste(plan().run);
  expect(inUse()).toEqual(old);
  expect(existsSync(inside(`${besideFolder(seen)}/kubeadm.yaml`))).toBe(false);
  program('kubectl', answers);
  paste(plan().run);
  expect(inUse()).toEqual(old);
});

test('a pair that the authority did not sign stays beside', () => {
  program('kubectl', answers);
  program(
    'kubeadm',
    `cd ${inside(besideFolder(seen))}/pki && openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=x -keyout apiserver.key -out apiserver.crt`,
  );
  paste(plan().run);
  expect(existsSync(inside(`${besideFolder(seen)}/pki/apiserver.crt`))).toBe(true);
  expect(inUse()).toEqual(old);
});

test('one that it signed takes its place, for this machine’s own address, and undo brings back the old one', () => {
  program('kubectl', answers);
  const sign = 'openssl x509 -req -in x.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 9 -out apiserver.crt';
  program(
    'kubeadm',
    `cd ${inside(besideFolder(seen))}/pki && test ! -e apiserver.crt && openssl req -newkey rsa:2048 -nodes -subj /CN=x -keyout apiserver.key -out x.csr && ${sign}`,
  );
  paste(plan().run);
  expect(inUse().map((text) => /BEGIN [A-Z ]+/.exec(text)?.[0])).toEqual(['BEGIN CERTIFICATE', 'BEGIN PRIVATE KEY']);
  const made = readFileSync(inside(`${besideFolder(seen)}/kubeadm.yaml`), 'utf8');
  expect(made).toContain("localAPIEndpoint: {advertiseAddress: '10.99.0.12', bindPort: 7443}\nnodeRegistration: {name: m2}\n");
  expect(made).toContain(`certificatesDir: ${inside(besideFolder(seen))}/pki\n`);
  paste(plan().undo ?? []);
  expect(inUse()).toEqual(old);
});

test('the copy that undo needs is the first of a run, and no half of one', () => {
  program('kubectl', 'exit 1');
  paste(plan().run);
  writeFileSync(inside('/etc/kubernetes/pki/apiserver.crt'), 'changed by a later step');
  paste(plan().run);
  expect(readFileSync(inside(`${keptCopy(seen)}/pki/apiserver.crt`), 'utf8')).toBe(old[0]);
  rmSync(inside(keptCopy(seen)), { recursive: true });
  cpSync(inside('/etc/kubernetes/manifests'), inside(`${keptCopy(seen)}.part`), { recursive: true });
  paste(plan().run);
  expect(existsSync(inside(`${keptCopy(seen)}/pki/ca.key`))).toBe(true);
});

test('the copy is for its owner alone, keys in it keep their modes, and the last words are where it lies', () => {
  program('kubectl', 'exit 1');
  chmodSync(inside('/etc/kubernetes'), 0o755);
  chmodSync(inside('/etc/kubernetes/pki/ca.key'), 0o600);
  chmodSync(inside('/etc/kubernetes/pki/ca.crt'), 0o644);
  paste(plan().run);
  const modeOf = (path: string): string => (statSync(inside(path)).mode & 0o777).toString(8);
  expect(modeOf(keptCopy(seen))).toBe('700');
  expect([modeOf(`${keptCopy(seen)}/pki/ca.key`), modeOf(`${keptCopy(seen)}/pki/ca.crt`)]).toEqual(['600', '644']);
  expect(modeOf(besideFolder(seen))).toBe('700');
  const last = plan().verify.slice(-2);
  expect(last).toEqual(deleteCopies(seen, 'kept', 'beside'));
  paste(last);
  expect(existsSync(inside(keptCopy(seen)))).toBe(true);
  paste(last.map((line) => line.replace(/^#[^:]*:/, '')));
  expect([existsSync(inside(keptCopy(seen))), existsSync(inside(besideFolder(seen)))]).toEqual([false, false]);
});

test('whether kubeadm’s configuration can be had is computed', () => {
  expect(apiNeed(seen).met).toBe('yes');
  const dead = healthyWorld();
  for (const node of ['m1', 'm2', 'm3']) dead.set('api.ready', node, { tries: failedTries(node, 'refused') });
  expect(apiNeed(viewOf(dead.evidence, dead.topology)).met).toBe('no');
});
