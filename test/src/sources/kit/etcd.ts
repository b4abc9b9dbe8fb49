// Which real etcd do the tests ask?
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stopWhole } from '../../../kit/stopped.ts';
import { refusedPort } from './patients.ts';
import { ecCertificate, type Pair, rsaAuthority } from './pki.ts';

export const etcdVersion = ((): string | undefined => {
  try {
    return /etcd Version: (\S+)/.exec(execFileSync('etcd', ['--version'], { encoding: 'utf8' }))?.[1];
  } catch {
    return undefined;
  }
})();

export interface Member {
  readonly port: number;
  readonly peerPort: number;
  readonly metricsPort: number;
  readonly files: { readonly authority: string; readonly certificate: string; readonly key: string };
  readonly authority: Pair;
  stop(): Promise<void>;
  resume(): void;
  kill(): Promise<void>;
  remove(): Promise<void>;
}

/** One member with client certificates demanded, ready when its metrics listener answers; alone, or waiting for a peer that never comes. */
export async function startEtcd(company: 'alone' | 'waiting for others'): Promise<Member> {
  const folder = mkdtempSync(join(tmpdir(), 'etcd-'));
  const write = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  const authority = rsaAuthority('etcd-ca');
  const server = ecCertificate({ name: 'etcd', hosts: ['127.0.0.1', 'localhost'] }, authority);
  const client = ecCertificate({ name: 'client' }, authority);
  const files = {
    authority: write('ca.crt', authority.certificate),
    certificate: write('client.crt', client.certificate),
    key: write('client.key', client.key),
  };
  const [port, peerPort, metricsPort, absent] = [await refusedPort(), await refusedPort(), await refusedPort(), await refusedPort()];
  const own = [write('server.crt', server.certificate), write('server.key', server.key)] as const;
  const cluster = [`m1=https://127.0.0.1:${peerPort}`, ...(company === 'alone' ? [] : [`m2=https://127.0.0.1:${absent}`])].join(',');
  const child = spawn(
    'etcd',
    [
      '--name=m1',
      `--data-dir=${join(folder, 'data')}`,
      `--initial-cluster=${cluster}`,
      '--logger=zap',
      '--log-level=error',
      `--listen-client-urls=https://127.0.0.1:${port}`,
      `--advertise-client-urls=https://127.0.0.1:${port}`,
      `--listen-peer-urls=https://127.0.0.1:${peerPort}`,
      `--initial-advertise-peer-urls=https://127.0.0.1:${peerPort}`,
      `--listen-metrics-urls=http://127.0.0.1:${metricsPort}`,
      `--cert-file=${own[0]}`,
      `--key-file=${own[1]}`,
      `--trusted-ca-file=${files.authority}`,
      '--client-cert-auth',
      `--peer-cert-file=${own[0]}`,
      `--peer-key-file=${own[1]}`,
      `--peer-trusted-ca-file=${files.authority}`,
      '--peer-client-cert-auth',
    ],
    { stdio: 'ignore' },
  );
  await untilAnswers(metricsPort);
  return {
    port,
    peerPort,
    metricsPort,
    files,
    authority,
    stop: () => stopWhole(child),
    resume: () => void child.kill('SIGCONT'),
    kill: () => end(child),
    remove: async () => {
      await end(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function untilAnswers(port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const answered = await fetch(`http://127.0.0.1:${port}/health`).then(
      (response) => response.status > 0,
      () => false,
    );
    if (answered) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('etcd does not come up');
}

function end(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}
