// Three real etcd members with TLS on this machine.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { stopWhole } from '../../../kit/stopped.ts';
import type { Member } from '../../../../src/model/topology.ts';
import { refusedPort } from '../../sources/kit/patients.ts';
import { memberAt } from './around.ts';
import { Authority, type Issued, temporaryFolder, type Wanted } from './authority.ts';

const binaries = { etcd: '/usr/bin/etcd', etcdctl: '/usr/bin/etcdctl' };
/** Why the real thing cannot be started here, or undefined. */
export const etcdMissing =
  existsSync(binaries.etcd) && existsSync(binaries.etcdctl) ? undefined : 'etcd and etcdctl are not installed in /usr/bin';

export interface EtcdBuild {
  /** Such as 3.6.16. */
  readonly version: string;
  /** Path of the server. */
  readonly etcd: string;
}

/** The one that is installed, and each one the lab has built. */
export const etcdBuilds: readonly EtcdBuild[] = ((): readonly EtcdBuild[] => {
  const folder = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'ha-doctor/binaries');
  const built = existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name, 'etcd')) : [];
  const found = [binaries.etcd, ...built].flatMap((etcd) => {
    const version = existsSync(etcd) ? /etcd Version: (\S+)/.exec(execFileSync(etcd, ['--version'], { encoding: 'utf8' }))?.[1] : undefined;
    return version === undefined ? [] : [[version, { version, etcd }] as const];
  });
  return [...new Map(found).values()];
})();

/** Releases without a build here: their tests do not run, which must be seen. */
export const etcdReleasesMissing = ['3.4.', '3.5.', '3.6.'].filter(
  (release) => !etcdBuilds.some(({ version }) => version.startsWith(release)),
);

/** The newest build from 3.5 on; undefined where there is none. */
export const laterEtcd = [...etcdBuilds]
  .sort((one, other) => (one.version < other.version ? 1 : -1))
  .find(({ version }) => version >= '3.5')?.etcd;

export interface EtcdCluster {
  readonly authority: Authority;
  readonly client: Issued;
  readonly members: readonly Member[];
  etcdctl(argv: readonly string[]): string;
  /** Comes back once a stopped process really stands still. */
  signal(index: number, name: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL'): Promise<void>;
  /** One more member, started; `renamed` is what it calls itself from its second start on. */
  join(name: string, how?: { readonly learner?: boolean; readonly renamed?: string }): Promise<Member>;
  stop(): Promise<void>;
}

/** `shown` changes the certificate that all members show to clients and peers; `beside` is a cluster to share certificates with, or another binary. */
export async function startEtcd(
  count: number,
  shown: Wanted = {},
  beside: Partial<Pick<EtcdCluster, 'authority' | 'client'>> & { readonly etcd?: string } = {},
): Promise<EtcdCluster> {
  const folder = temporaryFolder();
  const authority = beside.authority ?? new Authority(folder.path, { subject: '/CN=etcd-ca' });
  const server = authority.issue({ subject: '/CN=m1', names: 'IP:127.0.0.1', ...shown });
  const client = beside.client ?? authority.issue({ subject: '/CN=kube-etcd-healthcheck-client' });
  const ports = await Promise.all(Array.from({ length: count * 2 }, refusedPort));
  const members = Array.from({ length: count }, (_, index) => memberAt('127.0.0.1', ports[index * 2] ?? 0, ports[index * 2 + 1] ?? 0));
  const cluster = members.map((member, index) => `m${index + 1}=https://127.0.0.1:${member.peerPort}`).join(',');
  const binary = beside.etcd ?? binaries.etcd;
  const children = members.map((member, index) => start(binary, folder.path, `m${index + 1}`, member, cluster, authority.own, server));
  const access = [
    '--insecure-skip-tls-verify',
    '--cacert',
    authority.own.certificatePath,
    '--cert',
    client.certificatePath,
    '--key',
    client.keyPath,
  ];
  const endpoints = members.map((member) => `https://${member.subject.id}`).join(',');
  const etcdctl = (argv: readonly string[]): string =>
    execFileSync(binaries.etcdctl, ['--endpoints', endpoints, ...access, ...argv], {
      env: { ETCDCTL_API: '3' },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  await waitFor(() => etcdctl(['endpoint', 'health']));
  return {
    authority,
    client,
    members,
    etcdctl,
    signal: async (index, name) => {
      const child = children[index];
      if (name === 'SIGSTOP' && child !== undefined) await stopWhole(child);
      else child?.kill(name);
    },
    join: async (name, { learner = false, renamed } = {}) => {
      const member = memberAt('127.0.0.1', await refusedPort(), await refusedPort());
      const added = `https://127.0.0.1:${member.peerPort}`;
      await waitFor(() => etcdctl(['member', 'add', name, '--peer-urls', added, ...(learner ? ['--learner'] : [])]));
      const all = `${cluster},${name}=${added}`;
      const begin = (as: string, list: string) =>
        children.push(
          start(binary, folder.path, name, member, list, authority.own, server, ['--initial-cluster-state', 'existing', '--name', as]),
        );
      begin(name, all);
      const isListed = (as: string) => () => {
        const line = etcdctl(['member', 'list'])
          .split('\n')
          .find((one) => one.includes(added));
        if (line?.split(', ')[2] !== as) throw new Error(`${name} is not up as ${as}`);
      };
      await waitFor(isListed(name));
      if (renamed !== undefined) {
        const child = children.pop();
        if (child !== undefined) await end(child);
        begin(renamed, `${renamed}=${added}`);
        await waitFor(isListed(renamed));
      }
      return member;
    },
    stop: async () => {
      await Promise.all(children.map(end));
      folder.remove();
    },
  };
}

function start(
  binary: string,
  folder: string,
  name: string,
  member: Member,
  cluster: string,
  authority: Issued,
  server: Issued,
  more: readonly string[] = [],
): ChildProcess {
  const data = join(folder, name);
  mkdirSync(data, { mode: 0o700, recursive: true });
  const [client, peer] = [`https://127.0.0.1:${member.clientPort}`, `https://127.0.0.1:${member.peerPort}`];
  const urls = [
    '--listen-client-urls',
    client,
    '--advertise-client-urls',
    client,
    '--listen-peer-urls',
    peer,
    '--initial-advertise-peer-urls',
    peer,
  ];
  const tls = ['cert-file', 'peer-cert-file'].flatMap((flag) => [`--${flag}`, server.certificatePath]);
  const keys = ['key-file', 'peer-key-file'].flatMap((flag) => [`--${flag}`, server.keyPath]);
  const anchors = ['trusted-ca-file', 'peer-trusted-ca-file'].flatMap((flag) => [`--${flag}`, authority.certificatePath]);
  const options = ['--name', name, '--data-dir', data, '--initial-cluster', cluster, '--client-cert-auth', '--peer-client-cert-auth'];
  return spawn(binary, [...options, ...urls, ...tls, ...keys, ...anchors, ...more], { stdio: 'ignore', env: {} });
}

async function waitFor(attempt: () => unknown): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      return void attempt();
    } catch (error) {
      if (tries > 150) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

function end(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}
