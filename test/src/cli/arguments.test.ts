// Which command runs for which words?
import { expect, test } from 'vitest';
import { arrangeArguments } from '../../../src/cli/arguments.ts';
import { programName } from '../../../src/cli/program-name.ts';
import { readTraits } from '../../../src/cli/terminal-traits.ts';

const commands = ['diagnose', 'etcd', 'explain', 'lb', 'rules', 'tree'];

test.each([
  ['', 'diagnose'],
  ['--context a', 'diagnose --context a'],
  ['--only etcd', 'diagnose --only etcd'],
  ['rules --area etcd', 'rules --area etcd'],
  ['--context rules', 'diagnose --context rules'],
  ['--context a tree --only etcd', 'tree --context a --only etcd'],
  ['--deep tree', 'tree --deep'],
  ['-o json rules', 'rules -o json'],
  ['--output=json rules', 'rules --output=json'],
  ['--help', '--help'],
  ['help', 'help'],
  ['help tree', 'tree --help'],
  ['diagnose --help', 'diagnose --help'],
  ['frobnicate', 'frobnicate'],
  ['--deep frobnicate', 'diagnose --deep frobnicate'],
])('"%s" runs "%s"', (given, arranged) => {
  expect(
    arrangeArguments(
      given.split(' ').filter((word) => word !== ''),
      commands,
    ).join(' '),
  ).toBe(arranged);
});

test.each([
  ['/usr/local/bin/kubectl-ha_doctor', 'kubectl ha-doctor'],
  ['/usr/local/bin/ha-doctor', 'ha-doctor'],
])('called as %s it speaks of itself as %s', (path, name) => {
  expect(programName(path)).toBe(name);
});

const utf8 = { LANG: 'en_US.UTF-8', TERM: 'xterm' };

test.each([
  ['a wide terminal', { isTTY: true, columns: 300 }, utf8, false, { width: 120, ascii: false, colour: true }],
  ['a narrow terminal', { isTTY: true, columns: 40 }, utf8, false, { width: 72, ascii: false, colour: true }],
  ['a pipe', {}, utf8, false, { width: 80, ascii: false, colour: false }],
  ['--no-color', { isTTY: true, columns: 100 }, utf8, true, { width: 100, ascii: false, colour: false }],
  ['NO_COLOR', { isTTY: true, columns: 100 }, { ...utf8, NO_COLOR: '1' }, false, { width: 100, ascii: false, colour: false }],
  ['a dumb terminal', { isTTY: true, columns: 100 }, { ...utf8, TERM: 'dumb' }, false, { width: 100, ascii: true, colour: false }],
  ['the C locale', { isTTY: true, columns: 100 }, { ...utf8, LC_ALL: 'C' }, false, { width: 100, ascii: true, colour: true }],
  ['no locale', {}, {}, false, { width: 80, ascii: true, colour: false }],
])('%s', (_what, stream, environment, noColour, traits) => {
  expect(readTraits(stream, environment, noColour)).toEqual(traits);
});
