// Does a changed manifest go in whole and checked, or not at all?
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { viewOf } from '../../../../src/judge/judge.ts';
import { changeFlags, editSettings, type Flags } from '../../../../src/judge/plans/change-settings.ts';
import type { Home } from '../../../../src/judge/readings/component-home.ts';
import { healthyWorld } from '../../../kit/world.ts';

const world = healthyWorld();
const seen = viewOf(world.evidence, world.topology);
const scheduler: Home = { kind: 'static-pod', component: 'kube-scheduler' };
let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'ha-doctor-settings-'));
  mkdirSync(join(root, 'manifests'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const manifest = (): string => readFileSync(join(root, 'manifests/kube-scheduler.yaml'), 'utf8');
const write = (text: string): void => writeFileSync(join(root, 'manifests/kube-scheduler.yaml'), text);
const paste = (lines: readonly string[]) =>
  spawnSync('/bin/bash', ['-c', lines.join('\n').replaceAll('/etc/kubernetes/', `${root}/`)], { stdio: 'ignore' });

const usual =
  'spec:\n  containers:\n  - command:\n    - kube-scheduler\n    - --leader-elect=false\n    - --v=2\n    name: kube-scheduler\n';
const elect: Flags = { remove: ['leader-elect'], add: ['--leader-elect=true'] };

test('a flag is replaced, and undo brings the old file back', () => {
  write(usual);
  const { run, undo = [] } = changeFlags(seen, scheduler, elect);
  paste(run);
  expect(manifest()).toBe(
    usual.replace('    - --leader-elect=false\n', '').replace('- kube-scheduler\n', '- kube-scheduler\n    - --leader-elect=true\n'),
  );
  paste(undo);
  expect(manifest()).toBe(usual);
  expect(existsSync(join(root, 'kube-scheduler.yaml.next'))).toBe(false);
});

test('other indents and a whole path of the program fit too', () => {
  write('      - command:\n        - /usr/local/bin/kube-scheduler\n        - --leader-elect=false\n');
  paste(changeFlags(seen, scheduler, elect).run);
  expect(manifest()).toBe('      - command:\n        - /usr/local/bin/kube-scheduler\n        - --leader-elect=true\n');
});

test('where the new flag found no place the old one stays', () => {
  const odd = 'command: ["kube-scheduler", "--leader-elect=false"]\n';
  write(odd);
  paste(changeFlags(seen, scheduler, elect).run);
  expect(manifest()).toBe(odd);
  paste(changeFlags(seen, scheduler, { remove: ['leader-elect'], add: [] }).run);
  expect(manifest()).toBe(odd);
});

test('a flag is taken out, others of a longer name are left', () => {
  write('    - kube-scheduler\n    - --leader-elect=false\n    - --leader-elect-retry-period=2s\n');
  paste(changeFlags(seen, scheduler, { remove: ['leader-elect'], add: [] }).run);
  expect(manifest()).toBe('    - kube-scheduler\n    - --leader-elect-retry-period=2s\n');
});

test('no command names the folder of manifests where there is none', () => {
  for (const kind of ['service', 'k3s', 'rke2', 'other'] as const) {
    const home: Home = { kind, component: 'etcd' };
    const commands = [changeFlags(seen, home, elect), editSettings(seen, home, '--name')].flatMap(({ run, undo = [] }) => [
      ...run,
      ...undo,
    ]);
    expect(commands.join('\n')).not.toMatch(/manifests|kubelet/);
    expect(commands.length > 0).toBe(kind !== 'other');
  }
});
