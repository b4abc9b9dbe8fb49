// Which machines does a lab have, and at which addresses?
import type { Release } from './versions.ts';

/** Of those that kubeadm takes. */
export const keyAlgorithms = ['RSA-2048', 'RSA-3072', 'RSA-4096', 'ECDSA-P256', 'ECDSA-P384'] as const;
export type KeyAlgorithm = (typeof keyAlgorithms)[number];

export type Role = 'lb' | 'master' | 'worker' | 'etcd';

export interface NodePlan {
  readonly name: string;
  readonly role: Role;
  /** IPv4 address on the lab's own bridge. */
  readonly address: string;
}

export interface LabPlan {
  readonly name: string;
  readonly masters: 1 | 3 | 5;
  readonly workers: number;
  readonly etcd: 'stacked' | 'external';
  readonly loadBalancer: 'haproxy' | 'nginx' | 'envoy' | 'none';
  /** Two load balancers that share the address by keepalived. */
  readonly vip?: true;
  readonly release: Release;
  /** Days that are left to the authorities; absent means that they last for nearly nine years. */
  readonly authorityDays?: number;
  /** kubeadm's encryptionAlgorithm; absent means its default, RSA-2048. */
  readonly keys?: KeyAlgorithm;
  /** etcd's --quota-backend-bytes, where it is not etcd's own default of 2 GiB. */
  readonly etcdQuotaBytes?: number;
}

export const operatorAddress = '10.89.0.1';
export const prefixLength = 24;
export const loadBalancerAddress = '10.89.0.10';
export const loadBalancerPort = 8443;
export const statsPort = 8404;
export const apiServerPort = 6443;
export const clusterName = 'lab';

function series(count: number, name: string, role: Role, first: number): NodePlan[] {
  return Array.from({ length: count }, (_, index) => ({ name: `${name}${index + 1}`, role, address: `10.89.0.${first + index}` }));
}

/** All machines of a lab, in the order in which they are listed to people. */
export function nodesOf(plan: LabPlan): NodePlan[] {
  const etcd = plan.etcd === 'external' ? series(3, 'e', 'etcd', 31) : [];
  return [...balancersOf(plan), ...series(plan.masters, 'm', 'master', 11), ...series(plan.workers, 'w', 'worker', 21), ...etcd];
}

/** `lb` at the address itself, or `lb1` and `lb2` beside it. */
export function balancersOf(plan: LabPlan): NodePlan[] {
  if (plan.loadBalancer === 'none') return [];
  return plan.vip ? series(2, 'lb', 'lb', 8) : [{ name: 'lb', role: 'lb', address: loadBalancerAddress }];
}

export function mastersOf(plan: LabPlan): NodePlan[] {
  return nodesOf(plan).filter((node) => node.role === 'master');
}

/** The machines that run an etcd member. */
export function etcdNodesOf(plan: LabPlan): NodePlan[] {
  return plan.etcd === 'external' ? nodesOf(plan).filter((node) => node.role === 'etcd') : mastersOf(plan);
}

/** Host and port that every kubeconfig of the lab names: the load balancer, or the first master without one. */
export function controlPlaneEndpoint(plan: LabPlan): string {
  if (plan.loadBalancer !== 'none') return `${loadBalancerAddress}:${loadBalancerPort}`;
  return `${mastersOf(plan)[0]?.address ?? ''}:${apiServerPort}`;
}

/** /etc/hosts of every place in the lab. */
export function hostsFile(plan: LabPlan, self?: NodePlan): string {
  const lines = nodesOf(plan).map((node) => `${node.address} ${node.name}`);
  return ['127.0.0.1 localhost', '::1 localhost', ...(self === undefined ? [`${operatorAddress} operator`] : []), ...lines, ''].join('\n');
}
