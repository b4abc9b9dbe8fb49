// From where, and with which credentials, was the cluster looked at?
import type { Evidence, EvidenceId } from '../model/evidence.ts';
import type { Vantage } from '../model/report.ts';
import type { Topology } from '../model/topology.ts';

/** One line per way of looking that was tried. */
export function listVantages(evidence: Evidence, topology: Topology): readonly Vantage[] {
  const found: Vantage[] = [];
  const add = (name: string, ids: readonly EvidenceId[], detail: (known: number, all: number) => string, why?: string): void => {
    const items = evidence.items.filter((item) => ids.includes(item.id) && item.sample === 0);
    const known = items.filter((item) => item.state === 'known').length;
    if (items.length === 0) return;
    found.push({
      name,
      reached: known === 0 ? 'no' : known === items.length ? 'yes' : 'partly',
      detail: detail(known, items.length),
      ...(why !== undefined && { why }),
    });
  };
  add('load balancer', ['lb.tries'], () => topology.entry?.subject.id ?? '');
  const envoyTells = evidence.items.some((item) => item.id === 'lb.envoy' && item.state === 'known');
  add('load balancer statistics', [envoyTells ? 'lb.envoy' : 'lb.stats'], () => '');
  add(
    'Kubernetes API',
    ['kube.nodes', 'kube.leases', 'kube.control-plane-pods'],
    (known, all) => `${known} of ${all} lists`,
    whyNoCredential(evidence),
  );
  add('masters', ['api.ready'], (known) => `${known} asked directly`);
  add('etcd ports', ['etcd.client-port'], (known) => `${known} members, without a certificate`);
  addEtcd(evidence, found);
  const isWorker = evidence.items.some((item) => item.id === 'here.kubelet' && item.state === 'known');
  add('this machine', [isWorker ? 'here.kubelet' : 'here.files'], () => '');
  return found;
}

/** What a credential plugin or file did wrong, where nothing could be asked in the operator's name for it. */
function whyNoCredential({ items }: Evidence): string | undefined {
  const first = (id: EvidenceId) => items.find((item) => item.id === id && item.sample === 0);
  const [list, login] = [first('kube.nodes'), first('lb.credential')];
  if (list?.state !== 'missing' || login?.state !== 'missing') return undefined;
  // Nobody answered here: whoever did not let us look would be named.
  return list.through === undefined && list.detail === login.detail ? list.detail : undefined;
}

function addEtcd(evidence: Evidence, found: Vantage[]): void {
  const ways = new Set(
    evidence.items.flatMap((item) =>
      item.state === 'known' && (item.id === 'etcd.status' || item.id === 'etcd.metrics') ? [item.source] : [],
    ),
  );
  for (const way of [...ways].sort()) found.push({ name: `etcd by ${way}`, reached: 'yes', detail: '' });
}
