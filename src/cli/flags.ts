// Which flags are there? kubectl's own names and meanings where kubectl has them.
import { Flags } from '@oclif/core';
import { failLines } from './exit-codes.ts';

const connection = 'CONNECTION';
const ways = 'ACCESS';
const output = 'OUTPUT';

export const connectionFlags = {
  kubeconfig: Flags.string({
    helpGroup: connection,
    helpValue: '<file>',
    description: 'kubeconfig file; otherwise $KUBECONFIG or ~/.kube/config',
  }),
  context: Flags.string({ helpGroup: connection, helpValue: '<name>', description: 'context in the kubeconfig' }),
  cluster: Flags.string({ helpGroup: connection, helpValue: '<name>', description: 'cluster in the kubeconfig' }),
  user: Flags.string({ helpGroup: connection, helpValue: '<name>', description: 'user in the kubeconfig' }),
  server: Flags.string({ char: 's', helpGroup: connection, helpValue: '<url>', description: 'address of the API' }),
  as: Flags.string({ helpGroup: connection, helpValue: '<user>', description: 'user to impersonate' }),
  'as-group': Flags.string({
    helpGroup: connection,
    helpValue: '<group>',
    multiple: true,
    multipleNonGreedy: true,
    description: 'group to impersonate; can be given again',
  }),
  'request-timeout': Flags.string({
    helpGroup: connection,
    helpValue: '<duration>',
    description: 'limit of each request to the API, such as 5s; 0 for none',
  }),
  namespace: Flags.string({
    char: 'n',
    helpGroup: connection,
    helpValue: '<name>',
    description: 'accepted and ignored: the control plane is in kube-system',
  }),
};

export const wayFlags = {
  masters: Flags.string({
    helpGroup: ways,
    helpValue: '<host,...>',
    multiple: true,
    multipleNonGreedy: true,
    description: 'API servers to ask directly, host or host:port',
  }),
  'etcd-endpoints': Flags.string({
    helpGroup: ways,
    helpValue: '<host:port,...>',
    multiple: true,
    multipleNonGreedy: true,
    description: 'client addresses of etcd; otherwise $ETCDCTL_ENDPOINTS',
  }),
  'etcd-cacert': Flags.string({ helpGroup: ways, helpValue: '<file>', description: 'CA of etcd; otherwise $ETCDCTL_CACERT' }),
  'etcd-cert': Flags.string({ helpGroup: ways, helpValue: '<file>', description: 'client certificate for etcd; otherwise $ETCDCTL_CERT' }),
  'etcd-key': Flags.string({ helpGroup: ways, helpValue: '<file>', description: 'its key; otherwise $ETCDCTL_KEY' }),
  'haproxy-stats': Flags.string({
    helpGroup: ways,
    helpValue: '<url|socket>',
    description: "HAProxy's statistics: a URL or the path of its socket",
  }),
  'lb-config': Flags.string({
    helpGroup: ways,
    helpValue: '<[node=]file>',
    multiple: true,
    multipleNonGreedy: true,
    description:
      'haproxy.cfg, output of nginx -T, keepalived.conf, /tmp/keepalived.data, output of ip -o addr, or a kube-vip manifest; can be given again',
  }),
  'pki-dir': Flags.string({
    helpGroup: ways,
    helpValue: '<[node=]folder>',
    multiple: true,
    multipleNonGreedy: true,
    description: "a machine's certificates, such as a copy of its /etc/kubernetes; keys are not kept; can be given again",
  }),
  'nginx-status': Flags.string({ helpGroup: ways, helpValue: '<url>', description: "Nginx's stub_status page" }),
  'envoy-admin': Flags.string({ helpGroup: ways, helpValue: '<url>', description: "Envoy's admin interface" }),
  'no-port-forward': Flags.boolean({ helpGroup: ways, description: 'do not forward a port to the etcd pods to read their metrics' }),
  'allow-exec': Flags.boolean({ helpGroup: ways, description: "allow read-only commands inside the etcd pods (kubectl's exec)" }),
};

export const runFlags = {
  only: Flags.string({
    helpValue: '<branch,...>',
    description: 'one branch of the decision tree, or several with commas; `tree` lists them',
  }),
  timeout: Flags.string({
    helpValue: '<duration>',
    default: '15s',
    description: 'bound of each look; a second one is taken only where one cannot tell',
  }),
  deep: Flags.boolean({ description: 'look twice, some seconds apart, at what only a rate can tell' }),
  'fail-on': Flags.string({ options: [...failLines], default: 'warning', description: 'the mildest result that does not end with 0' }),
  record: Flags.string({ helpValue: '<folder>', description: 'write the evidence there' }),
  from: Flags.string({
    helpValue: '<folder>',
    description: 'judge evidence recorded before, without any cluster',
    exclusive: ['record', 'deep'],
  }),
};

export const outputFlags = {
  output: Flags.string({
    char: 'o',
    helpGroup: output,
    options: ['table', 'json'],
    default: 'table',
    description: 'for people or for programs',
  }),
  'no-color': Flags.boolean({ helpGroup: output, description: 'no colour; so does NO_COLOR in the environment' }),
};

export const diagnoseFlags = {
  ...runFlags,
  ...wayFlags,
  ...connectionFlags,
  ...outputFlags,
  'show-passed': Flags.boolean({ helpGroup: output, description: 'list the checks that passed, too' }),
};

const { only: _branch, deep, ...shared } = runFlags;

/** Of a command that shows what was seen as a table. */
export const viewFlags = { ...shared, ...wayFlags, ...connectionFlags, ...outputFlags };

const lease = Flags.string({
  helpGroup: ways,
  helpValue: '<namespace/name>',
  multiple: true,
  multipleNonGreedy: true,
  description: 'another lease that somebody leads by; can be given again',
});

/** Of one that shows more after a second look. */
export const deepViewFlags = { ...viewFlags, deep };

export const leaderFlags = { ...deepViewFlags, lease };

/** Whether some of these flags of a diagnosis say which cluster is meant, or how to reach it. */
export function nameTheCluster(flags: Readonly<Record<string, unknown>>): boolean {
  return Object.keys({ ...connectionFlags, ...wayFlags }).some((name) => flags[name] !== undefined && flags[name] !== false);
}
