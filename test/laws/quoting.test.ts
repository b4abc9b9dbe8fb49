// Can whoever names a node, a member, a server or a file have a command of theirs run by the root who repairs?
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { rules } from '../../rules/index.ts';
import { shellWord } from '../../src/judge/shell-word.ts';
import type { Evidence } from '../../src/model/evidence.ts';
import { faultyWorlds } from '../kit/faulty.ts';
import { plansFor } from '../kit/plans.ts';
import type { World } from '../kit/world.ts';

const hostile = ['\'; $(touch x) `touch x` "', '$(touch x)', '; touch x #', "' ; touch x ; '", '| touch x', '" `touch x` "', '\\', '> x'];

const folder = mkdtempSync(join(tmpdir(), 'ha-doctor-quoting-'));
const mark = join(folder, 'touched');
writeFileSync(join(folder, 'touch'), `#!/bin/sh\n: > '${mark}'\n`);
chmodSync(join(folder, 'touch'), 0o755);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/**
 * Of pairs, each part ended by NUL, reads the first as a function that nobody calls, and writes the numbers of those that are not complete;
 * then runs the second, where `touch` is the only program and nothing can be written to: whatever is left of it does no harm.
 */
const shell = `
number=0
while IFS= read -r -d '' command && IFS= read -r -d '' harmless; do
  ( eval "unused() {
$command
:; }" ) </dev/null >/dev/null 2>&1 || printf '%s\n' "$number"
  ( set -r; eval "$harmless" ) </dev/null >/dev/null 2>&1
  number=$((number + 1))
done
`;

interface Tried {
  /** Whether any of them did what somebody had put into a name. */
  readonly touched: boolean;
  readonly incomplete: readonly string[];
}

/** In one process, for there are thousands. */
function tryOut(commands: readonly string[]): Tried {
  rmSync(mark, { force: true });
  const harmless = (command: string): string => command.replaceAll(/2>(\/dev\/null|&1)|> \/(root|etc)\/\S+/g, '');
  const { stdout, status } = spawnSync('/bin/bash', ['--noprofile', '--norc', '-c', shell], {
    env: { PATH: folder },
    cwd: folder,
    timeout: 60_000,
    input: commands.map((command) => `${command}\0${harmless(command)}\0`).join(''),
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error('the commands did not end');
  const incomplete = stdout.split('\n').flatMap((number) => (number === '' ? [] : [commands[Number(number)] ?? number]));
  return { touched: existsSync(mark), incomplete };
}

/** Every text in the evidence in which `found` occurs gets the addition behind it. */
function rename(evidence: Evidence, found: RegExp, addition: string): Evidence {
  const text = JSON.stringify(evidence, (_key, value: unknown) =>
    typeof value === 'string' ? value.replace(found, (whole) => `${whole}${addition}`) : value,
  );
  return JSON.parse(text) as Evidence;
}

const places: Readonly<Record<string, RegExp>> = {
  names: /\b(m[123]|w1)\b|^api$/g,
  addresses: /\b10\.89\.0\.\d+\b/g,
  'URLs and rows': /https:\/\/10\.89\.0\.\d+:2380|^api$|^10\.89\.0\.10$/g,
  files: /admin|kube-(scheduler|controller-manager)/g,
};

function commandsIn(evidence: Evidence): readonly string[] {
  const fixes = plansFor(evidence).flatMap((plan) => plan.fixes);
  return fixes.flatMap((fix) => [...fix.run, ...fix.verify, ...(fix.undo ?? [])]);
}

/** The placeholder for a file that nobody has saved is meant to be replaced, and says so to the shell too. */
function isWhole(command: string): boolean {
  return !command.includes('<newest good snapshot>');
}

function commandsOf(build: () => World, found: RegExp, addition: string): readonly string[] {
  return commandsIn(rename(build().evidence, found, addition)).filter(
    (command) => isWhole(command) && command.includes(addition.slice(-4)),
  );
}

const every = (found: RegExp, addition: string): readonly string[] => [
  ...new Set(Object.values(faultyWorlds).flatMap((build) => commandsOf(build, found, addition))),
];

test('without quotes the names would be run', () => {
  for (const text of hostile.filter((one) => one.includes('touch')).slice(1, 3)) {
    expect(tryOut(['kubectl get nodes', `kubectl get node m1${text}`])).toEqual({ touched: true, incomplete: [] });
  }
  expect(tryOut(["kubectl get node 'm1", 'kubectl get nodes'])).toEqual({ touched: false, incomplete: ["kubectl get node 'm1"] });
});

test.each(hostile)('a word stays one word: %s', (text) => {
  const { stdout } = spawnSync('/bin/sh', ['-c', `printf '<%s>' ${shellWord(text)}`], { encoding: 'utf8' });
  expect(stdout).toBe(`<${text}>`);
});

test('ordinary names need no quotes', () => {
  for (const name of ['m1', 'kube-apiserver-m1', 'https://[fd00::1]:2379', '/etc/a_b.conf', 'a=b,c@d%e+f'])
    expect(shellWord(name)).toBe(name);
  expect(shellWord('')).toBe("''");
});

test.each(Object.keys(places))(
  'no command runs what stands in %s',
  (place) => {
    for (const text of hostile) {
      const commands = every(places[place] ?? /$^/, text);
      const { touched, incomplete } = tryOut(commands);
      expect(incomplete).toEqual([]);
      if (touched) expect(commands.filter((command) => tryOut([command]).touched)).toEqual([]);
    }
  },
  120_000,
);

/** Their worlds take several looks or several broken links, and their own tests build them. */
const builtElsewhere = [
  'api-5xx-ratio',
  'api-apf-saturated',
  'api-connection-imbalance',
  'api-latency-p99',
  'etcd-leader-changes',
  'etcd-member-count',
  'etcd-member-unstarted',
  'etcd-partition',
  'le-flapping',
];

test('names reach commands of most rules, else this proves little', () => {
  const named = Object.values(faultyWorlds).flatMap((build) => plansFor(build().evidence));
  const proposing = new Set(named.filter((plan) => plan.fixes.length > 0).map((plan) => plan.rule));
  const silent = rules.map((rule) => rule.id).filter((id) => !proposing.has(id));
  expect(silent.filter((id) => !builtElsewhere.includes(id))).toEqual([]);
  expect(Object.values(places).flatMap((found) => every(found, '$(touch x)')).length).toBeGreaterThan(50);
}, 120_000);
