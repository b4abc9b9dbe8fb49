// How do three machines of their own become the cluster's etcd?
import { stringify } from 'yaml';
import { etcdNodesOf } from './topology.ts';
import type { LabPlan, NodePlan } from './topology.ts';

const etcdPki = '/etc/kubernetes/pki/etcd';

/** etcd.yaml of one member. */
export function etcdConfig(plan: LabPlan, node: NodePlan): string {
  const cluster = etcdNodesOf(plan)
    .map((member) => `${member.name}=https://${member.address}:2380`)
    .join(',');
  const security = (name: string) => ({
    'cert-file': `${etcdPki}/${name}.crt`,
    'key-file': `${etcdPki}/${name}.key`,
    'trusted-ca-file': `${etcdPki}/ca.crt`,
    'client-cert-auth': true,
  });
  return stringify({
    name: node.name,
    'data-dir': '/var/lib/etcd',
    'listen-client-urls': `https://127.0.0.1:2379,https://${node.address}:2379`,
    'advertise-client-urls': `https://${node.address}:2379`,
    'listen-peer-urls': `https://${node.address}:2380`,
    'initial-advertise-peer-urls': `https://${node.address}:2380`,
    'listen-metrics-urls': 'http://127.0.0.1:2381',
    'initial-cluster': cluster,
    'initial-cluster-state': 'new',
    'client-transport-security': security('server'),
    'peer-transport-security': security('peer'),
    ...(plan.etcdQuotaBytes !== undefined && { 'quota-backend-bytes': plan.etcdQuotaBytes }),
  });
}
