// Is this machine read without surprises?
import { mkdirSync, symlinkSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { askSocket, listFolder, readEndOfFile, readLocalFile } from '../../../src/sources/files.ts';
import { GapError } from '../../../src/sources/source.ts';
import { scratch } from './kit/api.ts';

const clean: (() => unknown)[] = [];
const never = new AbortController().signal;
afterEach(() => {
  for (const undo of clean.splice(0)) undo();
});

function write(files: Readonly<Record<string, string>>): string {
  const { folder, remove } = scratch(files);
  clean.push(remove);
  return folder;
}

async function gapOf(work: Promise<unknown>): Promise<GapError['gap']> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof GapError)) throw new Error(`expected a gap, got ${String(error)}`);
  return error.gap;
}

test('files, and what stands in the way of them', async () => {
  const folder = write({ a: 'text' });
  expect(await readLocalFile(join(folder, 'a'))).toBe('text');
  expect(await gapOf(readLocalFile(join(folder, 'b')))).toMatchObject({ gap: 'absent' });
  expect(await gapOf(readLocalFile(folder))).toMatchObject({ gap: 'failed' });
  expect(await gapOf(readLocalFile('/dev/zero'))).toMatchObject({ gap: 'failed' });
});

test('folders give plain files only, sorted, through symbolic links as well', async () => {
  const folder = write({ b: '', a: '' });
  mkdirSync(join(folder, 'c'));
  symlinkSync(join(folder, 'a'), join(folder, 'd'));
  symlinkSync(join(folder, 'nowhere'), join(folder, 'e'));
  expect(await listFolder(folder)).toEqual(['a', 'b', 'd'].map((name) => join(folder, name)));
  expect(await gapOf(listFolder(join(folder, 'x')))).toMatchObject({ gap: 'absent' });
});

test('sockets: an answer, nobody there, an old file, silence', async () => {
  const folder = write({});
  const serve = (name: string, onText: (socket: net.Socket, text: string) => void): Promise<string> =>
    new Promise((resolve) => {
      const sockets: net.Socket[] = [];
      const server = net.createServer((socket) => {
        sockets.push(socket);
        socket.on('error', () => {}).on('data', (data) => onText(socket, String(data)));
      });
      clean.push(
        () => server.close(),
        () => sockets.map((socket) => socket.destroy()),
      );
      server.listen(join(folder, name), () => resolve(join(folder, name)));
    });
  expect(await askSocket(await serve('good', (socket, text) => socket.end(`# ${text}`)), 'show stat\n', never)).toBe('# show stat\n');
  expect(await gapOf(askSocket(join(folder, 'none'), 'x', never))).toMatchObject({ gap: 'absent' });
  const silent = await serve('silent', () => {});
  expect(await gapOf(askSocket(silent, 'x', AbortSignal.timeout(100)))).toMatchObject({ gap: 'timeout' });
});

test('of a long file only its end is held', async () => {
  const folder = write({ 'long.log': `${'x'.repeat(100_000)}the end` });
  const path = join(folder, 'long.log');
  expect(await readEndOfFile(path, 7)).toBe('the end');
  expect(await readEndOfFile(path, 1_000_000)).toHaveLength(100_007);
  expect(await gapOf(readEndOfFile(join(folder, 'no.log'), 7))).toMatchObject({ gap: 'absent' });
});
