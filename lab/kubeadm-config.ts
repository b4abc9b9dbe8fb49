// What does kubeadm have to know to make this lab's cluster?
import { stringify } from 'yaml';
import { cgroupOf } from './cgroups.ts';
import { etcdImageTag, imageRepository } from './containerd.ts';
import { apiServerPort, clusterName, controlPlaneEndpoint, etcdNodesOf } from './topology.ts';
import type { LabPlan, NodePlan } from './topology.ts';

const apiVersion = 'kubeadm.k8s.io/v1beta4';
export const podSubnet = '10.90.0.0/16';
export const auditPolicyFolder = '/etc/kubernetes/audit';
const auditLogFolder = '/var/log/kubernetes/audit';
export const kubeadmConfigFile = '/etc/kubeadm/kubeadm.yaml';

interface Argument {
  readonly name: string;
  readonly value: string;
}

function nodeRegistration(plan: LabPlan, node: NodePlan) {
  const kubeletExtraArgs: Argument[] = [
    { name: 'cgroup-root', value: cgroupOf(plan.name, node.name) },
    { name: 'node-ip', value: node.address },
  ];
  return { name: node.name, criSocket: 'unix:///run/containerd/containerd.sock', imagePullPolicy: 'Never', kubeletExtraArgs };
}

function etcdConfiguration(plan: LabPlan) {
  if (plan.etcd === 'external') {
    const endpoints = etcdNodesOf(plan).map((node) => `https://${node.address}:2379`);
    const pki = '/etc/kubernetes/pki';
    const files = {
      caFile: `${pki}/etcd/ca.crt`,
      certFile: `${pki}/apiserver-etcd-client.crt`,
      keyFile: `${pki}/apiserver-etcd-client.key`,
    };
    return { external: { endpoints, ...files } };
  }
  const extraArgs: Argument[] =
    plan.etcdQuotaBytes === undefined ? [] : [{ name: 'quota-backend-bytes', value: String(plan.etcdQuotaBytes) }];
  return { local: { imageRepository, imageTag: etcdImageTag(plan.release), dataDir: '/var/lib/etcd', extraArgs } };
}

function clusterConfiguration(plan: LabPlan) {
  const extraArgs: Argument[] = [
    { name: 'audit-policy-file', value: `${auditPolicyFolder}/policy.yaml` },
    { name: 'audit-log-path', value: `${auditLogFolder}/audit.log` },
  ];
  const extraVolumes = [
    { name: 'audit-policy', hostPath: auditPolicyFolder, mountPath: auditPolicyFolder, readOnly: true, pathType: 'Directory' },
    { name: 'audit-log', hostPath: auditLogFolder, mountPath: auditLogFolder, readOnly: false, pathType: 'DirectoryOrCreate' },
  ];
  return {
    apiVersion,
    kind: 'ClusterConfiguration',
    clusterName,
    kubernetesVersion: `v${plan.release.kubernetes}`,
    imageRepository,
    controlPlaneEndpoint: controlPlaneEndpoint(plan),
    networking: { podSubnet },
    ...(plan.keys !== undefined && { encryptionAlgorithm: plan.keys }),
    etcd: etcdConfiguration(plan),
    apiServer: { extraArgs, extraVolumes },
  };
}

/** Image clean-up and eviction are off: a nearly full disk of this machine is not the lab's illness. */
function kubeletConfiguration() {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    cgroupDriver: 'cgroupfs',
    failCgroupV1: false,
    failSwapOn: false,
    resolvConf: '/etc/resolv.conf',
    imageGCHighThresholdPercent: 100,
    evictionHard: { 'memory.available': '0%', 'nodefs.available': '0%', 'nodefs.inodesFree': '0%', 'imagefs.available': '0%' },
  };
}

function documents(...parts: readonly object[]): string {
  return parts.map((part) => stringify(part)).join('---\n');
}

/** For the first master: `kubeadm init --config`. @param token a bootstrap token, which is a secret. */
export function initConfig(plan: LabPlan, node: NodePlan, token: string): string {
  const init = {
    apiVersion,
    kind: 'InitConfiguration',
    bootstrapTokens: [{ token, ttl: '24h0m0s' }],
    nodeRegistration: nodeRegistration(plan, node),
    localAPIEndpoint: { advertiseAddress: node.address, bindPort: apiServerPort },
    skipPhases: ['addon'],
  };
  return documents(init, clusterConfiguration(plan), kubeletConfiguration());
}

/** For every other machine: `kubeadm join --config`. */
export function joinConfig(plan: LabPlan, node: NodePlan, token: string): string {
  const controlPlane = { localAPIEndpoint: { advertiseAddress: node.address, bindPort: apiServerPort } };
  const bootstrapToken = { token, apiServerEndpoint: controlPlaneEndpoint(plan), unsafeSkipCAVerification: true };
  return documents({
    apiVersion,
    kind: 'JoinConfiguration',
    discovery: { bootstrapToken },
    nodeRegistration: nodeRegistration(plan, node),
    ...(node.role === 'master' && { controlPlane }),
  });
}

/** For a machine of an external etcd: only certificates are made from it. */
export function etcdCertificateConfig(plan: LabPlan, node: NodePlan): string {
  const names = [node.name, node.address, '127.0.0.1'];
  const local = { serverCertSANs: names, peerCertSANs: names };
  return documents(
    { apiVersion, kind: 'InitConfiguration', nodeRegistration: { name: node.name }, localAPIEndpoint: { advertiseAddress: node.address } },
    {
      apiVersion,
      kind: 'ClusterConfiguration',
      kubernetesVersion: `v${plan.release.kubernetes}`,
      ...(plan.keys !== undefined && { encryptionAlgorithm: plan.keys }),
      etcd: { local },
    },
  );
}

/** Writes down every request's metadata, so that a test can show what a client did. */
export function auditPolicy(): string {
  return stringify({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', omitStages: ['RequestReceived'], rules: [{ level: 'Metadata' }] });
}
