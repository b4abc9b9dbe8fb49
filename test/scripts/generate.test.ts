// Do the scripts that write files write the right ones, and notice the stale ones?
import { spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';

const root = fileURLToPath(new URL('../..', import.meta.url));
let copy = '';

/** The scripts work on the tree they stand in, so they get one of their own. */
beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), 'ha-doctor-scripts-'));
  for (const name of [
    'package.json',
    'tsconfig.json',
    'vitest.config.ts',
    'bin',
    'commands',
    'docs',
    'rules',
    'scripts',
    'src',
    'test/kit',
  ]) {
    if (existsSync(join(root, name))) cpSync(join(root, name), join(copy, name), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  expect(run('tsx', 'scripts/gen.ts').status).toBe(0);
}, 60_000);
afterAll(() => rmSync(copy, { recursive: true, force: true }));

const read = (path: string) => readFileSync(join(copy, path), 'utf8');

function run(command: string, ...argv: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(join(root, 'node_modules/.bin', command), argv, { cwd: copy, encoding: 'utf8' });
  return { status, output: stdout + stderr };
}

test('what was just generated is fresh', () => {
  expect(run('tsx', 'scripts/gen.ts', '--check')).toEqual({ status: 0, output: '' });
});

const generated = [
  'rules/index.ts',
  'src/model/rule-ids.ts',
  'src/probes/index.ts',
  'docs/causes.md',
  'docs/rbac.yaml',
  'docs/rules/etcd/etcd-quorum-lost.md',
];

test('what is stale or has no rule any more is named, and mended', () => {
  const fresh = generated.map(read);
  for (const path of generated) appendFileSync(join(copy, path), '\n');
  writeFileSync(join(copy, 'docs/rules/etcd/gone.md'), 'x');
  const check = run('tsx', 'scripts/gen.ts', '--check');
  expect(check.status).toBe(1);
  for (const path of [...generated, 'docs/rules/etcd/gone.md']) expect(check.output).toContain(`stale: ${path}`);
  expect(run('tsx', 'scripts/gen.ts').status).toBe(0);
  expect(generated.map(read)).toEqual(fresh);
  expect(existsSync(join(copy, 'docs/rules/etcd/gone.md'))).toBe(false);
});

test('the rights are those a reader needs, and no others', () => {
  const all = parseAllDocuments(read('docs/rbac.yaml')).map((document) => document.toJS() as Role);
  const [exec, ...further] = all.filter((role) => role.metadata.name === 'ha-doctor-exec');
  expect(further).toEqual([]);
  expect(exec?.rules.map((rule) => rule.resources)).toEqual([['pods/exec']]);
  const roles = all.filter((role) => role !== exec);
  const grants = roles.flatMap((role) => role.rules.map((rule) => ({ kind: role.kind, ...rule })));
  for (const { verbs, resources = [] } of grants) {
    const harmless = resources.every((resource) => ['selfsubjectaccessreviews', 'pods/portforward'].includes(resource));
    for (const verb of verbs) expect(harmless ? [...readers, 'create'] : readers).toContain(verb);
  }
  expect(grants.some(({ resources = [] }) => resources.includes('secrets') || resources.includes('*'))).toBe(false);
});

const readers = ['get', 'list', 'watch'];

interface Role {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly rules: readonly { readonly verbs: readonly string[]; readonly resources?: readonly string[] }[];
}

test('a new rule is two files, is picked up, and fails until somebody has written it', { timeout: 120_000 }, () => {
  expect(run('tsx', 'scripts/new-rule.ts', 'etcd/etcd-made-up').status).toBe(0);
  expect(run('tsx', 'scripts/gen.ts').status).toBe(0);
  expect(read('rules/index.ts')).toContain("'./etcd/etcd-made-up.ts'");
  expect(read('src/model/rule-ids.ts')).toContain("'etcd-made-up'");
  expect(run('tsc', '-p', '.', '--noEmit').output).not.toContain('etcd-made-up');
  const { status, output } = run('vitest', 'run', '--root', copy, 'test/rules/etcd/etcd-made-up.test.ts');
  expect(status).toBe(1);
  expect(output).toMatch(/Tests .*3 failed/);
});

test.each([
  ['', 'name an area'],
  ['nowhere/a-b', 'name an area'],
  ['etcd/Bad', 'is no id'],
  ['etcd/etcd-quorum-lost', 'already there'],
])('%j is refused', (argument, complaint) => {
  const { status, output } = run('tsx', 'scripts/new-rule.ts', argument);
  expect(status).toBe(2);
  expect(output).toContain(complaint);
});
