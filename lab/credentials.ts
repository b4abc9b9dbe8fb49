// With which credentials does the lab's operator come, from the administrator's down to an expired one?
import { X509Certificate } from 'node:crypto';
import { chmod, copyFile, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { wallClockOffset } from './clock.ts';
import type { LabHandle } from './handle.ts';
import { kubeadmConfigFile } from './kubeadm-config.ts';
import { waitUntil } from './processes.ts';
import type { NodePlan } from './topology.ts';

const viewer = 'lab-viewer';

/** Copies the administrator's kubeconfig and kubeadm's etcd health-check certificate for the operator. */
export async function takeAdminCredentials(lab: LabHandle, firstMaster: NodePlan): Promise<void> {
  const disk = (node: NodePlan | undefined, path: string) => join(lab.paths.node(node?.name ?? ''), 'disk', 'kubernetes', path);
  await copySecret(disk(firstMaster, 'admin.conf'), lab.paths.kubeconfig);
  const member = lab.etcdNodes[0];
  await copySecret(disk(member, 'pki/etcd/ca.crt'), lab.paths.etcdCa);
  await copySecret(disk(member, 'pki/etcd/healthcheck-client.crt'), lab.paths.etcdCertificate);
  await copySecret(disk(member, 'pki/etcd/healthcheck-client.key'), lab.paths.etcdKey);
}

async function copySecret(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await copyFile(from, to);
  await chmod(to, 0o600);
}

/** Makes a user who may only look, and an administrator whose certificate has ended. */
export async function makeOtherCredentials(lab: LabHandle, firstMaster: NodePlan): Promise<void> {
  const view = await kubeconfigFor(lab, firstMaster, ['--client-name', viewer]);
  await writeFile(lab.paths.viewKubeconfig, view, { mode: 0o600 });
  await writeFile(lab.paths.expiredKubeconfig, await expiredKubeconfig(lab, firstMaster), { mode: 0o600 });
  await lab.kubectl(['create', 'clusterrolebinding', viewer, '--clusterrole=view', `--user=${viewer}`]);
}

/**
 * Two days valid and made nine days ago, by kubeadm with its clock turned back. Release binaries have no such clock;
 * there it is a certificate for one second whose end is waited for.
 */
async function expiredKubeconfig(lab: LabHandle, firstMaster: NodePlan): Promise<string> {
  const administrator = ['--client-name', 'kubernetes-admin', '--org', 'kubeadm:cluster-admins'];
  const old = await kubeconfigFor(lab, firstMaster, [...administrator, '--validity-period', '48h'], { [wallClockOffset]: '-216h' });
  if (certificateEnd(old) < Date.now()) return old;
  const short = await kubeconfigFor(lab, firstMaster, [...administrator, '--validity-period', '1s']);
  await waitUntil(async () => certificateEnd(short) < Date.now(), 10_000);
  return short;
}

async function kubeconfigFor(lab: LabHandle, node: NodePlan, args: readonly string[], env: Record<string, string> = {}): Promise<string> {
  const made = await lab.nodeExec(node.name, ['kubeadm', 'kubeconfig', 'user', `--config=${kubeadmConfigFile}`, ...args], {
    env,
    timeoutMs: 30_000,
  });
  if (made.code !== 0) throw new Error(`kubeadm kubeconfig user failed: ${made.stderr.trim()}`);
  return made.stdout;
}

interface Kubeconfig {
  readonly users: readonly { readonly user: { readonly 'client-certificate-data': string } }[];
}

function certificateEnd(kubeconfig: string): number {
  const data = (parse(kubeconfig) as Kubeconfig).users[0]?.user['client-certificate-data'] ?? '';
  return Date.parse(new X509Certificate(Buffer.from(data, 'base64')).validTo);
}
