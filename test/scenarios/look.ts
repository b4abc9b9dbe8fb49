// How is the tool run at the operator's place of a lab?
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Lab, Outcome } from '../../lab/lab.ts';
import { writeOnNode } from '../../lab/node-files.ts';

const binary = process.env['HA_DOCTOR_BINARY'] ?? fileURLToPath(new URL('../../bin/ha-doctor.cjs', import.meta.url));

/** The client certificate the operator of a lab has, for its three masters. */
export const etcdAccessFlags: readonly string[] = [
  '--etcd-endpoints=https://10.89.0.11:2379,https://10.89.0.12:2379,https://10.89.0.13:2379',
  '--etcd-cacert=etcd/ca.crt',
  '--etcd-cert=etcd/client.crt',
  '--etcd-key=etcd/client.key',
];

export interface Place {
  /** The file's name, relative to the operator's folder. */
  readonly kubeconfig?: string;
  /** A master, where the administrator's kubeconfig lies, or a worker, which is given a copy of the operator's. */
  readonly node?: string;
  /** Seconds by which the clock is ahead. */
  readonly ahead?: number;
}

/** `diagnose -o json` without what earlier runs remembered; relative paths, so that no recording names this machine. */
export async function lookWith(
  lab: Lab,
  flags: readonly string[],
  { kubeconfig = 'kubeconfig', node, ahead }: Place = {},
): Promise<Outcome> {
  const clock = ahead === undefined ? {} : await clockAhead(ahead);
  const env = { HA_DOCTOR_MEMORY: 'off', NODE_EXTRA_CA_CERTS: '', ...clock };
  const argv = [process.execPath, binary, 'diagnose', '--output=json', ...flags];
  if (node !== undefined) return lab.nodeExec(node, [...argv, `--kubeconfig=${await kubeconfigOn(lab, node)}`], { env, timeoutMs: 90_000 });
  return lab.operatorExec([...argv, `--kubeconfig=${kubeconfig}`], { env, cwd: join(lab.folder, 'operator'), timeoutMs: 90_000 });
}

async function kubeconfigOn(lab: Lab, node: string): Promise<string> {
  if (lab.nodes.find(({ name }) => name === node)?.role === 'master') return '/etc/kubernetes/admin.conf';
  const copy = '/root/.kube/config';
  await writeOnNode(lab, node, copy, await readFile(join(lab.folder, 'operator', 'kubeconfig'), 'utf8'));
  return copy;
}

const libraries = ['x86_64', 'aarch64'].map((machine) => `/usr/lib/${machine}-linux-gnu/faketime/libfaketime.so.1`);

/** Moves the wall clock of one program alone. @throws Error where Debian's package faketime is not installed. */
async function clockAhead(seconds: number): Promise<Record<string, string>> {
  for (const library of libraries) {
    const there = await access(library).then(
      () => true,
      () => false,
    );
    if (there) return { LD_PRELOAD: library, FAKETIME: `${seconds < 0 ? '' : '+'}${seconds}s`, FAKETIME_DONT_FAKE_MONOTONIC: '1' };
  }
  throw new Error('this scenario moves the clock of ha-doctor and needs: apt-get install faketime');
}
