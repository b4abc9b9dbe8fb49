// How do empty machines become a cluster, step by step, with kubeadm?
import { randomBytes } from 'node:crypto';
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { wallClockOffset } from './clock.ts';
import type { LabHandle } from './handle.ts';
import { etcdCertificateConfig, initConfig, joinConfig, kubeadmConfigFile } from './kubeadm-config.ts';
import { reachOnNode, writeOnNode } from './node-files.ts';
import { copyBetweenDisks } from './nodes.ts';
import { waitUntil } from './processes.ts';
import type { LabPlan, NodePlan } from './topology.ts';

/** kubeadm makes authorities for ten years. */
const authorityLife = 3650;
/** In days: as old as those of a cluster that has been renewed once. */
const usualAge = 400;

/** kubeadm's clock while it makes the authorities, against the true one. */
function authorityAge({ authorityDays }: LabPlan): Record<string, string> {
  const days = authorityDays === undefined ? usualAge : authorityLife - authorityDays;
  return { [wallClockOffset]: `-${days * 24}h` };
}

const clusterAuthorities = ['ca', 'front-proxy-ca'];
const sharedFiles = ['ca.crt', 'ca.key', 'sa.pub', 'sa.key', 'front-proxy-ca.crt', 'front-proxy-ca.key'];

/** A bootstrap token in kubeadm's form: six characters, a dot, sixteen characters. */
export function makeToken(): string {
  const text = randomBytes(11).toString('hex');
  return `${text.slice(0, 6)}.${text.slice(6, 22)}`;
}

async function kubeadm(lab: LabHandle, node: string, args: readonly string[], env: Record<string, string> = {}): Promise<void> {
  const outcome = await lab.nodeExec(node, ['kubeadm', ...args], { env, timeoutMs: 240_000 });
  const file = join(lab.paths.node(node), 'kubeadm.log');
  await writeFile(file, `${outcome.stdout}\n${outcome.stderr}\n`, { flag: 'a' });
  if (outcome.code === 0) return;
  const said = outcome.stderr.trim().split('\n').slice(-8).join('\n  ');
  throw new Error(
    `kubeadm ${args[0] ?? ''} on ${node} ended with ${outcome.code} after ${outcome.seconds.toFixed(0)} s (${file}):\n  ${said}`,
  );
}

/** Makes the certificate authorities on one machine, dated back. */
export async function makeAuthorities(lab: LabHandle, node: NodePlan, token: string): Promise<void> {
  await writeOnNode(lab, node.name, kubeadmConfigFile, initConfig(lab.plan, node, token));
  const names = lab.plan.etcd === 'stacked' ? [...clusterAuthorities, 'etcd-ca'] : clusterAuthorities;
  const make = (name: string) => certificatePhase(lab, node.name, name, authorityAge(lab.plan));
  await Promise.all(names.map(make));
}

function certificatePhase(lab: LabHandle, node: string, name: string, env: Record<string, string> = {}): Promise<void> {
  return kubeadm(lab, node, ['init', 'phase', 'certs', name, `--config=${kubeadmConfigFile}`], env);
}

/** Certificates for an etcd outside the masters; the first master gets the client's. The members start by themselves. */
export async function prepareExternalEtcd(lab: LabHandle, firstMaster: NodePlan): Promise<void> {
  const [first, ...others] = lab.etcdNodes;
  if (first === undefined) return;
  for (const node of lab.etcdNodes) await writeOnNode(lab, node.name, kubeadmConfigFile, etcdCertificateConfig(lab.plan, node));
  await certificatePhase(lab, first.name, 'etcd-ca', authorityAge(lab.plan));
  const authority = ['kubernetes/pki/etcd/ca.crt', 'kubernetes/pki/etcd/ca.key'];
  for (const node of others) await copyBetweenDisks(lab.folder, first.name, node.name, authority);
  await certificatePhase(lab, first.name, 'apiserver-etcd-client');
  await Promise.all(
    lab.etcdNodes.map(async (node) => {
      for (const name of ['etcd-server', 'etcd-healthcheck-client', 'etcd-peer']) await certificatePhase(lab, node.name, name);
    }),
  );
  await copyBetweenDisks(lab.folder, first.name, firstMaster.name, [authority[0] ?? '', ...clientFiles]);
}

const clientFiles = ['kubernetes/pki/apiserver-etcd-client.crt', 'kubernetes/pki/apiserver-etcd-client.key'];

/** `kubeadm init` on the first master. */
export async function initialise(lab: LabHandle, node: NodePlan): Promise<void> {
  await waitForRuntime(lab, node);
  await kubeadm(lab, node.name, ['init', `--config=${kubeadmConfigFile}`, '--ignore-preflight-errors=all']);
}

/** `kubeadm join`; a further master first gets the authorities' keys from the first one. */
export async function joinNode(lab: LabHandle, first: NodePlan, node: NodePlan, token: string): Promise<void> {
  await waitForRuntime(lab, node);
  if (node.role === 'master') {
    const etcd = lab.plan.etcd === 'stacked' ? ['etcd/ca.crt', 'etcd/ca.key'] : ['etcd/ca.crt'];
    const files = [...sharedFiles, ...etcd].map((name) => `kubernetes/pki/${name}`);
    await copyBetweenDisks(lab.folder, first.name, node.name, lab.plan.etcd === 'stacked' ? files : [...files, ...clientFiles]);
  }
  await writeOnNode(lab, node.name, kubeadmConfigFile, joinConfig(lab.plan, node, token));
  await kubeadm(lab, node.name, ['join', `--config=${kubeadmConfigFile}`, '--ignore-preflight-errors=all']);
}

async function waitForRuntime(lab: LabHandle, node: NodePlan): Promise<void> {
  const socket = await reachOnNode(lab, node.name, '/run/containerd/containerd.sock');
  const ready = await waitUntil(() => stat(socket).then(() => true), 30_000, 50);
  if (!ready) throw new Error(`containerd on ${node.name} did not start; see: lab exec ${node.name} tail /var/log/containerd.log`);
}
