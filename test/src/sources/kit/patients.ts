// Which sick servers do the tests talk to? Real sockets, each ill in one way.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pair } from './pki.ts';

export interface Patient {
  readonly port: number;
  close(): Promise<void>;
}

/** Keeps its sockets, so that closing does not wait for the other side. */
export async function serve(server: net.Server, host = '127.0.0.1'): Promise<Patient> {
  const sockets = new Set<net.Socket>();
  server.on('connection', (socket: net.Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

/** Takes the connection and does with it whatever the illness is. */
export function ill(onConnection: (socket: net.Socket) => void): Promise<Patient> {
  return serve(net.createServer(onConnection));
}

export const silent = (): Promise<Patient> => ill((socket) => socket.resume());
export const resetting = (): Promise<Patient> => ill((socket) => socket.once('data', () => socket.resetAndDestroy()));
export const closing = (): Promise<Patient> => ill((socket) => socket.once('data', () => socket.end()));
export const saying = (text: string): Promise<Patient> => ill((socket) => socket.once('data', () => socket.end(text)));

/** A port where nobody listens: bound once to be sure that it is free. */
export async function refusedPort(): Promise<number> {
  const patient = await silent();
  await patient.close();
  return patient.port;
}

/**
 * Drops what knocks: the process never accepts, and its queue of finished connections is full, so that the kernel
 * throws further SYNs away. Works without root.
 */
export async function dropping(): Promise<Patient> {
  const { child, port } = await stoppedListener();
  const fillers: net.Socket[] = [];
  for (let index = 0; index < 8; index++) fillers.push(net.connect(port, '127.0.0.1').on('error', () => {}));
  await new Promise((resolve) => setTimeout(resolve, 100));
  return {
    port,
    close: async () => {
      for (const socket of fillers) socket.destroy();
      await end(child);
    },
  };
}

/** Accepts TCP in the kernel only: the process behind it never runs again. */
export async function frozen(): Promise<Patient> {
  const { child, port } = await stoppedListener();
  return { port, close: () => end(child) };
}

/** openssl s_server, which verifies clients in OpenSSL itself and therefore sends alerts, as Go does. */
export async function opensslServer(own: Pair, authority: Pair, options: readonly string[]): Promise<Patient> {
  const folder = mkdtempSync(join(tmpdir(), 's-server-'));
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  const port = await refusedPort();
  const files = ['-cert', file('crt', own.certificate), '-key', file('key', own.key), '-CAfile', file('ca', authority.certificate)];
  const child = spawn('openssl', ['s_server', '-accept', `127.0.0.1:${port}`, ...files, ...options, '-www'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await new Promise<void>((resolve) => child.stdout.on('data', (data) => String(data).includes('ACCEPT') && resolve()));
  return {
    port,
    close: async () => {
      await end(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function stoppedListener(): Promise<{ child: ChildProcess; port: number }> {
  const script = `const s=require('net').createServer();s.listen({port:0,host:'127.0.0.1',backlog:1},()=>{
    require('fs').writeSync(1,String(s.address().port)+'\\n');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)),0,0,60000);});`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'ignore'] });
  const port = await new Promise<number>((resolve) => child.stdout.once('data', (data) => resolve(Number(String(data).trim()))));
  return { child, port };
}

function end(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}
