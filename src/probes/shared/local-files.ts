// Which part of a file on a control-plane node may leave it, and what is the file for?
import { basename, dirname } from 'node:path';
import { parse } from 'yaml';
import { etcdVariables } from './etcd-environment.ts';

/**
 * The name and the command lines of a static pod, and of its environment what etcd reads its settings from.
 * Text that is no pod comes back as its beginning would: undefined parts that a reader reports.
 */
export function reduceManifest(text: string): unknown {
  const pod = asRecord(parseOrNothing(text));
  const containers = asRecord(pod['spec'])['containers'];
  const kept = Array.isArray(containers) ? containers.map((one) => reduceContainer(asRecord(one))) : [];
  return { metadata: pick(asRecord(pod['metadata']), ['name', 'namespace', 'annotations']), spec: { containers: kept } };
}

function reduceContainer(container: Readonly<Record<string, unknown>>) {
  const env = etcdVariables(container['env']);
  return { ...pick(container, ['name', 'image', 'command', 'args']), ...(env.length > 0 && { env }) };
}

function parseOrNothing(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

function pick(record: Readonly<Record<string, unknown>>, names: readonly string[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(names.filter((name) => name in record).map((name) => [name, record[name]]));
}

/** Names that k3s and RKE2 (pkg/daemons/control/deps), and Talos (secrets of its static pods), give to what kubeadm has too. */
const otherNames: Readonly<Record<string, string>> = {
  'serving-kube-apiserver': 'apiserver',
  'client-kube-apiserver': 'apiserver-kubelet-client',
  'client-auth-proxy': 'front-proxy-client',
  'client-kubelet': 'kubelet-client',
  'serving-kubelet': 'kubelet-serving',
  'client-controller': 'controller-manager',
  'client-scheduler': 'scheduler',
  'client-admin': 'admin',
  // k3s has one authority for servers and one for clients, where kubeadm has one for both.
  'server-ca': 'ca',
  'client-ca': 'ca',
  'request-header-ca': 'front-proxy-ca',
  'aggregator-ca': 'front-proxy-ca',
  'etcd-client-ca': 'etcd-ca',
  'etcd-server-ca': 'etcd-ca',
  'etcd-peer-ca': 'etcd-ca',
  'etcd-server-client': 'etcd-server',
  'etcd-peer-server-client': 'etcd-peer',
  'etcd-client': 'apiserver-etcd-client',
  'etcd-admin': 'etcd-healthcheck-client',
};

/** `apiserver`, `etcd-server`, `kubelet-client`: the file's name, with its folder where that tells more. */
export function roleOf(path: string): string {
  const name = basename(path)
    .replace(/\.(crt|pem)$/, '')
    .replace(/-current$/, '');
  const whole = basename(dirname(path)) === 'etcd' ? `etcd-${name}` : name;
  return otherNames[whole] ?? whole;
}

/** `admin.conf` and `admin.kubeconfig`: whose kubeconfig it is. */
export function ownerOf(path: string): string {
  const name = basename(path).replace(/\.(conf|kubeconfig|yaml)$/, '');
  return { controller: 'controller-manager', k3s: 'admin', rke2: 'admin' }[name] ?? name;
}
