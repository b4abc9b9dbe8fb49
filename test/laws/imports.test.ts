// Who imports whom? docs/architecture.md says it; this holds it.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Folder -> what its files may import besides their own folder; an entry may be one file. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  'src/model': [],
  'src/judge': ['src/model'],
  'src/rank': ['src/model'],
  'src/bundle': ['src/model'],
  'src/explain': ['src/model', 'src/judge', 'src/locales'],
  'src/locales': ['src/model'],
  'src/report': ['src/model', 'src/explain', 'src/locales'],
  'src/sources': ['src/model', 'src/bundle'],
  'src/probes': ['src/model', 'src/sources/source.ts', 'src/sources/stop-signal.ts'],
  'src/pipeline': ['src', 'rules/index.ts', 'rules/tree.ts', 'package.json'],
  'src/cli': ['src/model', 'src/report', 'src/explain', 'src/pipeline', 'src/locales', 'src/probes/settings.ts', 'package.json'],
  rules: ['src/model', 'src/judge'],
  commands: ['src/cli', 'src/pipeline', 'src/explain', 'src/report', 'src/model'],
  bin: ['commands', 'src/cli', 'src/pipeline', 'package.json'],
};

/** What rules, judging, ranking and texts must not touch: after evidence everything is pure. */
const pure = ['src/model', 'src/judge', 'src/rank', 'src/report', 'src/explain', 'src/locales', 'rules'];

function filesBelow(folder: string): readonly string[] {
  return readdirSync(join(root, folder)).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(join(root, path)).isDirectory()) return filesBelow(path);
    return path.endsWith('.ts') ? [path] : [];
  });
}

function importsOf(file: string): readonly string[] {
  const text = readFileSync(join(root, file), 'utf8');
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1] ?? '');
}

function strangers(folder: string): readonly string[] {
  const mayImport = [folder, ...(allowed[folder] ?? [])];
  return filesBelow(folder).flatMap((file) =>
    importsOf(file)
      .filter((name) => name.startsWith('.'))
      .map((name) => relative(root, join(root, dirname(file), name)))
      .filter((target) => !mayImport.some((place) => target === place || target.startsWith(`${place}/`)))
      .map((target) => `${file} -> ${target}`),
  );
}

test.each(Object.keys(allowed))('%s exists and imports only what it may', (folder) => {
  expect(filesBelow(folder).length).toBeGreaterThan(0);
  expect(strangers(folder)).toEqual([]);
});

test('every folder of src has a line in this law', () => {
  const folders = readdirSync(join(root, 'src')).map((name) => `src/${name}`);
  expect(folders.filter((folder) => !(folder in allowed))).toEqual([]);
});

test.each(pure)('%s is pure: no modules of Node, no clock, no console', (folder) => {
  const guilty = filesBelow(folder).flatMap((file) => {
    const text = readFileSync(join(root, file), 'utf8');
    const node = importsOf(file).filter((name) => name.startsWith('node:'));
    const clock = /\bnew Date\(\)|\bDate\.now\(|\bconsole\.|\bprocess\.|\basync\b|\bMath\.random\(/.exec(
      text.replace(/\/\/.*|\/\*[\s\S]*?\*\//g, ''),
    );
    return [...node, ...(clock === null ? [] : [clock[0]])].map((what) => `${file}: ${what}`);
  });
  expect(guilty).toEqual([]);
});

test('deadlines are not made of signals that Node may collect before they fire', () => {
  const files = ['src', 'commands', 'bin'].flatMap(filesBelow).filter((file) => file !== 'src/sources/stop-signal.ts');
  expect(files.filter((file) => /\bAbortSignal\.(any|timeout)\b/.test(readFileSync(join(root, file), 'utf8')))).toEqual([]);
});
