// A hand-written run against three masters of which two have lost their etcd.
import type { Fix } from '../../../../src/model/rule.ts';
import { cluster, effect, failing, finding, passing, possibly, report, step, subject, unknown } from './build.ts';

const member = (name: string, id: string) => subject('member', id, name, name);
const m2 = member('m2', 'a2c947be10d8f355');
const m3 = member('m3', 'c83e61f09a7724db');
const apiserver = (name: string, host: string) => subject('apiserver', `${host}:6443`, name, name);

const cause = failing('etcd-quorum-lost', cluster, {
  facts: {
    alive: 1,
    voters: 3,
    needed: 2,
    down: 'm2, m3',
    judgement: 'Refused, not silent: both hosts are up, their etcd process is not.',
    members: [
      { name: 'm1', address: '10.89.0.11:2379', says: 'alive, says "etcdserver: no leader"', id: '5f1c0a7d93b2e684' },
      { name: 'm2', address: '10.89.0.12:2379', says: 'connection refused, 3 of 3 tries', id: 'a2c947be10d8f355' },
      { name: 'm3', address: '10.89.0.13:2379', says: 'connection refused, 3 of 3 tries', id: 'c83e61f09a7724db' },
    ],
  },
});

const effects = [
  effect(failing('etcd-member-down', m2), 'part'),
  effect(failing('etcd-member-down', m3), 'part'),
  effect(failing('api-readyz-etcd', apiserver('m1', '10.89.0.11'), { facts: { status: 500, checks: '[-]etcd' } })),
  effect(failing('api-master-unreachable', apiserver('m2', '10.89.0.12'), { facts: { how: 'refused: restarting, no local etcd' } })),
  effect(failing('api-master-unreachable', apiserver('m3', '10.89.0.13'), { facts: { how: 'refused: restarting, no local etcd' } })),
  effect(failing('api-all-masters-down', cluster, { facts: { ready: 0, masters: 3 } })),
  effect(
    failing('api-lb-unreachable', subject('lb', '10.89.0.10:8443', '10.89.0.10:8443'), {
      facts: { address: '10.89.0.10:8443', how: 'accepts, closes before TLS' },
    }),
  ),
];

const fixes: readonly Fix[] = [
  {
    do: 'Save the only live copy; works without a quorum',
    where: 'here',
    risk: 'low',
    run: ['etcdctl --endpoints https://10.89.0.11:2379 snapshot save m1-0312.db'],
    needs: [],
    verify: ['etcdutl snapshot status m1-0312.db   # revision ≥ 48213'],
  },
  {
    do: 'See why etcd stopped',
    where: 'm2',
    risk: 'none',
    run: [
      'ls /etc/kubernetes/manifests /var/lib/etcd/member; df -h /var/lib/etcd',
      "crictl logs --tail 20 $(crictl ps -aq --name '^etcd$' | head -1)",
    ],
    needs: [],
    verify: [],
  },
  {
    do: 'Mend what step 2 shows, then start it again',
    where: 'm2',
    risk: 'medium',
    run: ['systemctl restart kubelet'],
    needs: [{ text: 'member/ intact on m2', met: 'unknown' }],
    verify: ['etcdctl --endpoints https://10.89.0.12:2379 endpoint health'],
  },
  { do: 'Only if m2 AND m3 have lost their data: restore from step 1', where: 'm1', risk: 'high', run: [], needs: [], verify: [] },
];

const blocked = { rule: 'etcd-quorum-lost', subject: 'cluster/cluster' };
const hidden = ['le-lease-expired', 'le-lease-missing', 'le-flapping', 'ha-node-notready', 'api-endpoints-mismatch', 'etcd-hash-mismatch'];

/** Fresh every time, so that no test can spoil another. */
export function quorumLost() {
  return report({
    verdict: {
      level: 'critical',
      line: 'etcd has lost its quorum: 1 of 3 voters alive, 2 needed (m2, m3 down)',
      impact:
        'Every API read and write fails. Running Pods keep running; nothing is scheduled, healed, scaled or renewed until one more voter is back.',
    },
    vantages: [
      { name: 'LB', reached: 'partly', detail: 'closes before TLS' },
      { name: '3 masters', reached: 'yes', detail: '' },
      { name: 'etcd certificate', reached: 'yes', detail: '' },
      { name: 'HAProxy stats', reached: 'no', detail: 'nobody named them' },
    ],
    tree: [
      step('gate', 'platform known?', 'yes', [1, 0, 0]),
      step('api', 'does the API answer?', 'no', [0, 3, 0], { because: ['api-lb-unreachable', 'api-all-masters-down'], finding: 1 }),
      step('api', 'load balancer sound?', 'unknown', [0, 0, 3], { because: ['lb-backend-down'] }),
      step('certificates', 'certificates valid?', 'yes', [4, 0, 0]),
      step('etcd', 'etcd leader?', 'no', [0, 1, 0], { because: ['etcd-quorum-lost'], finding: 1 }),
      step('etcd', 'space and alarms fine?', 'yes', [2, 0, 0]),
      step('leases', 'leases held?', 'unknown', [0, 0, 2], { because: ['le-lease-expired', 'le-lease-missing'] }),
      step('clocks', 'clocks agree?', 'partly', [1, 0, 2], { because: ['clock-etcd-skew'] }),
    ],
    findings: [
      finding(1, cause, {
        effects,
        fixes,
        avoid: ['restart etcd on m1', '--force-new-cluster while m2 or m3 may return', 'member remove (it needs the quorum you have lost)'],
        possibleCauses: [possibly('etcd-host-resources', 'node/m2', 'step 2, or run ha-doctor on m2')],
      }),
    ],
    verdicts: [
      cause,
      ...effects.map(({ verdict }) => verdict),
      ...['etcd-alarm-nospace', 'etcd-db-near-quota', 'cert-leaf-expired', 'cert-operator-expiring'].map((rule) => passing(rule)),
      ...hidden.map((rule) => unknown(rule, 'mend the API first', blocked)),
      unknown('etcd-host-resources', 'step 2, or run ha-doctor on m2', undefined, subject('node', 'm2', 'm2')),
      unknown('lb-backend-down', '--haproxy-stats <url or socket>'),
      unknown('lb-check-too-shallow', '--haproxy-stats <url or socket>'),
      unknown('lb-check-disagrees', '--haproxy-stats <url or socket>'),
    ],
  });
}
