// What lies on this machine: files, folders, and sockets of local services?
import { open, readdir, readFile, stat, statfs } from 'node:fs/promises';
import net from 'node:net';
import { join } from 'node:path';
import type { Gap } from '../model/evidence.ts';
import type { FolderSpace } from '../model/here.ts';
import { abandon } from './dial.ts';
import { Stopped, waitFor } from './limit.ts';
import { GapError } from './source.ts';

/** Longest file and longest answer of a socket, in bytes. */
const sizeLimit = 16 * 1024 * 1024;
const socketLimit = 2000;

/** @throws GapError */
export async function readLocalFile(path: string): Promise<string> {
  try {
    const about = await stat(path);
    if (!about.isFile()) throw new GapError({ gap: 'failed', detail: `${path} is not a plain file.`, howToGet: `ls -l ${path}` });
    if (about.size > sizeLimit)
      throw new GapError({ gap: 'failed', detail: `${path} is longer than ${sizeLimit} bytes.`, howToGet: `ls -l ${path}` });
    return await readFile(path, 'utf8');
  } catch (error) {
    throw error instanceof GapError ? error : fileGap(error, path, `cat ${path}`);
  }
}

/** No more than the last `bytes` of a file that may be longer than anybody wants to hold. @throws GapError */
export async function readEndOfFile(path: string, bytes: number): Promise<string> {
  try {
    const file = await open(path, 'r');
    try {
      const about = await file.stat();
      if (!about.isFile()) throw new GapError({ gap: 'failed', detail: `${path} is not a plain file.`, howToGet: `ls -l ${path}` });
      const length = Math.min(bytes, about.size);
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, about.size - length);
      return buffer.toString('utf8', 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw error instanceof GapError ? error : fileGap(error, path, `tail ${path}`);
  }
}

/** Full paths of plain files and of symbolic links to such, sorted. @throws GapError */
export async function listFolder(path: string): Promise<readonly string[]> {
  try {
    const names = (await readdir(path)).sort().map((name) => join(path, name));
    const plain = await Promise.all(
      names.map((name) =>
        stat(name).then(
          (about) => about.isFile(),
          () => false,
        ),
      ),
    );
    return names.filter((_, index) => plain[index]);
  } catch (error) {
    throw fileGap(error, path, `ls -l ${path}`);
  }
}

/** A folder of certificates has some dozens; below these bounds somebody named another folder. */
const deepest = 8;
const mostFiles = 5000;

/** Full paths of all plain files below a folder, sorted; links to folders are not followed. @throws GapError */
export async function listTree(path: string): Promise<readonly string[]> {
  const found: string[] = [];
  let level = [path];
  for (let depth = 0; depth < deepest && level.length > 0 && found.length < mostFiles; depth++) {
    const lists = await Promise.all(
      level.map((folder) =>
        readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
          if (depth === 0) throw fileGap(error, path, `ls -l ${path}`);
          return [];
        }),
      ),
    );
    const entries = lists.flatMap((list, index) => list.map((entry) => ({ entry, full: join(level[index] ?? path, entry.name) })));
    found.push(...entries.filter(({ entry }) => entry.isFile() || entry.isSymbolicLink()).map(({ full }) => full));
    level = entries.filter(({ entry }) => entry.isDirectory()).map(({ full }) => full);
  }
  return found.sort().slice(0, mostFiles);
}

/** @throws GapError */
export async function spaceUnder(path: string): Promise<FolderSpace> {
  try {
    const { bsize, blocks, bfree, files, ffree } = await statfs(path);
    // Some file systems make room for files as they go, and count none.
    return { path, size: blocks * bsize, free: bfree * bsize, ...(files > 0 && { files, filesFree: ffree }) };
  } catch (error) {
    throw fileGap(error, path, `df -h ${path}`);
  }
}

function fileGap(error: unknown, path: string, command: string): GapError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const known: Readonly<Record<string, readonly [Gap['gap'], string]>> = {
    ENOENT: ['absent', 'does not exist on this machine'],
    ENOTDIR: ['absent', 'does not exist on this machine'],
    EACCES: ['denied', 'may not be read by this user'],
    EPERM: ['denied', 'may not be read by this user'],
  };
  const [gap, what] = known[code] ?? (['failed', `cannot be read (${code || 'unknown error'})`] as const);
  return new GapError({ gap, detail: `${path} ${what}.`, howToGet: `sudo ${command}` });
}

/** Writes to a Unix socket and reads until the other side closes. @throws GapError */
export async function askSocket(path: string, text: string, signal: AbortSignal): Promise<string> {
  const howToGet = `echo ${JSON.stringify(text.trim())} | sudo socat - UNIX-CONNECT:${path}`;
  const result = await waitFor<string | GapError>({
    milliseconds: socketLimit,
    signal,
    begin: (settle) => {
      const socket = net.connect({ path });
      let answer = '';
      socket.setEncoding('utf8');
      socket.on('data', (chunk: string) => {
        answer += chunk;
        if (answer.length > sizeLimit) settle(new GapError({ gap: 'failed', detail: `${path} answers without end.`, howToGet }));
      });
      socket.once('end', () => settle(answer));
      socket.once('error', (error: NodeJS.ErrnoException) => settle(socketGap(error, path, howToGet)));
      socket.write(text);
      return () => abandon(socket);
    },
    late: () => new GapError({ gap: 'timeout', detail: `${path} did not answer within ${socketLimit / 1000} s.`, howToGet }),
  }).catch((error: unknown) => {
    if (error instanceof Stopped) return new GapError({ gap: 'timeout', detail: `${path} was not waited for.`, howToGet });
    throw error;
  });
  if (result instanceof GapError) throw result;
  return result;
}

function socketGap(error: NodeJS.ErrnoException, path: string, howToGet: string): GapError {
  if (error.code === 'ECONNREFUSED')
    return new GapError({ gap: 'failed', detail: `Nobody listens at the socket ${path} any more.`, howToGet });
  const { gap } = fileGap(error, path, '');
  return new GapError({ ...gap, howToGet });
}
