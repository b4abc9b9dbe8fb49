// A real HAProxy on this machine, in front of whatever the test names.
import { spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { refusedPort } from '../../sources/kit/patients.ts';
import { temporaryFolder } from './authority.ts';

const binary = '/usr/sbin/haproxy';
export const haproxyMissing = existsSync(binary) ? undefined : `${binary} is not installed`;

export interface Haproxy {
  readonly port: number;
  readonly statsPort: number;
  readonly socket: string;
  stop(): Promise<void>;
}

/** `servers` are `server` lines of the backend `masters`, without the first word. */
export async function startHaproxy(servers: readonly string[], password?: string): Promise<Haproxy> {
  const folder = temporaryFolder();
  const [port, statsPort] = [await refusedPort(), await refusedPort()];
  const socket = join(folder.path, 'admin.sock');
  const lines = [
    `global\n  stats socket ${socket} mode 600 level operator`,
    'defaults\n  mode tcp\n  timeout connect 1s\n  timeout client 10s\n  timeout server 10s\n  default-server inter 200ms fall 1 rise 1',
    `frontend api\n  bind 127.0.0.1:${port}\n  default_backend masters`,
    `backend masters\n  balance roundrobin\n${servers.map((server) => `  server ${server}\n`).join('')}`,
    `frontend stats\n  mode http\n  bind 127.0.0.1:${statsPort}\n  stats enable\n  stats uri /stats${password === undefined ? '' : `\n  stats auth admin:${password}`}\n`,
  ];
  const config = join(folder.path, 'haproxy.cfg');
  writeFileSync(config, lines.join('\n'));
  const child = spawn(binary, ['-db', '-f', config], { stdio: 'ignore' });
  await untilOpen(port);
  return {
    port,
    statsPort,
    socket,
    stop: () =>
      new Promise((resolve) => {
        child.once('exit', () => {
          folder.remove();
          resolve();
        });
        child.kill('SIGKILL');
      }),
  };
}

async function untilOpen(port: number): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = net.connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false));
      socket.once('close', () => socket.destroy());
      setTimeout(() => socket.destroy(), 50);
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('HAProxy did not start');
}
