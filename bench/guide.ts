// What would an engineer type by hand? The usual sequence of a troubleshooting guide for an HA control plane, 19 commands.
const masters = ['10.89.0.11', '10.89.0.12', '10.89.0.13'];
const endpoints = masters.map((address) => `https://${address}:2379`).join(',');
const etcdctl = `etcdctl --endpoints=${endpoints} --cacert=etcd/ca.crt --cert=etcd/client.crt --key=etcd/client.key`;

/** Run one after another by a shell at the operator's place. */
export const guideCommands: readonly string[] = [
  'kubectl get nodes -o wide',
  'kubectl get pods -n kube-system -l tier=control-plane -o wide',
  'kubectl get endpoints kubernetes -n default',
  ...masters.map((address) => `kubectl --server=https://${address}:6443 get nodes`),
  'kubectl get componentstatuses',
  'kubectl get --raw /readyz?verbose',
  ...masters.map((address) => `curl -sk https://${address}:6443/healthz`),
  `${etcdctl} endpoint health --cluster`,
  `${etcdctl} endpoint status --cluster --write-out=table`,
  `${etcdctl} member list --write-out=table`,
  `${etcdctl} alarm list`,
  `${etcdctl} endpoint status --write-out=json`,
  'kubectl -n kube-system get lease kube-controller-manager -o yaml',
  'kubectl -n kube-system get lease kube-scheduler -o yaml',
  'kubectl -n kube-system get lease',
];
