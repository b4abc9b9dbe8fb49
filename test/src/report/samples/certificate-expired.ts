// A hand-written run against three masters of which one serves a certificate that has ended.
import type { Fix } from '../../../../src/model/rule.ts';
import { effect, failing, finding, notApplicable, passing, report, step, subject, unknown } from './build.ts';

const m2 = subject('apiserver', '10.89.0.12:6443', 'm2', 'm2');

const cause = failing('cert-leaf-expired', m2, {
  group: 'apiserver',
  facts: {
    name: 'm2',
    address: '10.89.0.12:6443',
    role: 'apiserver',
    serial: '3B:7F:19:C2',
    sha256: '9A:41:E0…',
    share: '1 in 3',
    ended: '2026-11-20 22:58:31Z',
    ago: '4 h 17 min ago',
    witnesses: 'm1 and m3',
    others: [{ name: 'm1, m3', end: '2027-08-30 (282 d)', rest: 'CA ends 2034-11-18, same on all' }],
    clocks: 'Not a clock: m1, m2, m3 agree within ±0.9 s, yours within ±0.6 s of them.',
  },
});

const effects = [
  effect(failing('api-master-unreachable', m2, { facts: { how: 'answers /readyz 200, no client trusts it' } })),
  effect(
    failing('api-lb-unreachable', subject('lb', '10.89.0.10:8443', 'LB'), {
      facts: { address: '4 of 12 tries,', how: 'all 4 got leaf 9A:41:E0…' },
    }),
  ),
  effect(failing('lb-check-disagrees', m2, { severity: 'warning', facts: { server: 'api/m2' } })),
];

const shallow = failing('lb-check-too-shallow', subject('lb', '10.89.0.10:8443', 'LB'), { severity: 'warning', impact: 'at-risk' });
const ending = failing('cert-operator-expiring', subject('operator', 'operator', 'you'), { severity: 'info', facts: { days: 25 } });

const fixes: readonly Fix[] = [
  {
    do: 'Stop sending clients to m2',
    where: 'lb',
    risk: 'medium',
    run: ["echo 'set server api/m2 state drain' | socat - /run/haproxy/admin.sock"],
    needs: [
      { text: 'm1 ready', met: 'yes' },
      { text: 'm3 ready', met: 'yes' },
    ],
    verify: ['for i in 1 2 3 4 5 6; do kubectl get --raw /readyz; done   # ok, 6 of 6'],
    undo: ["echo 'set server api/m2 state ready' | socat - /run/haproxy/admin.sock"],
  },
  {
    do: 'Renew it',
    where: 'm2',
    risk: 'medium',
    run: ['kubeadm certs check-expiration', 'cp -a /etc/kubernetes /root/kubernetes.bak-20261121', 'kubeadm certs renew apiserver'],
    needs: [
      { text: 'CA valid', met: 'yes' },
      { text: 'm1, m3 ready', met: 'yes' },
      { text: 'ca.key on m2', met: 'unknown' },
      { text: 'file not renewed yet', met: 'unknown' },
    ],
    verify: ['echo | openssl s_client -connect 10.89.0.12:6443 2>/dev/null | openssl x509 -noout -enddate   # new within 60 s'],
  },
];

/** Fresh every time, so that no test can spoil another. */
export function certificateExpired() {
  return report({
    verdict: {
      level: 'critical',
      line: 'm2 serves an expired API-server certificate: 1 in 3 connections fails',
      impact:
        'kubectl, kubelets and controllers that reach m2 get x509 errors and retry; m1 and m3 serve. Open connections to m2 live until they break.',
    },
    takenAt: '2026-11-21T03:15:20Z',
    vantages: [
      { name: 'LB + stats', reached: 'yes', detail: '' },
      { name: '3 masters', reached: 'yes', detail: '' },
      { name: 'etcd metrics by port-forward', reached: 'yes', detail: '' },
    ],
    tree: [
      step('gate', 'platform known?', 'yes', [1, 0, 0]),
      step('api', 'does the API answer?', 'partly', [8, 2, 0], { because: ['api-lb-unreachable'], finding: 1 }),
      step('api', 'load balancer sound?', 'partly', [3, 2, 0], { because: ['lb-check-disagrees'], finding: 1 }),
      step('certificates', 'certificates valid?', 'no', [2, 1, 0], { because: ['cert-leaf-expired'], finding: 1 }),
      step('etcd', 'etcd leader?', 'yes', [5, 0, 0]),
      step('etcd', 'data equal on all?', 'unknown', [0, 0, 1], { because: ['etcd-hash-mismatch'], vital: false }),
      step('leases', 'leases held?', 'yes', [4, 0, 0]),
      step('clocks', 'clocks agree?', 'yes', [2, 0, 0]),
      step('backup', 'backups?', 'not-applicable', [0, 0, 0], { vital: false }),
    ],
    findings: [finding(1, cause, { effects, fixes, avoid: ["copy m1's certificate to m2 (wrong SAN)", 'renew on m1 or m3 now'] })],
    worsens: [{ verdict: shallow, of: [1] }],
    notes: [ending],
    verdicts: [
      cause,
      ...effects.map(({ verdict }) => verdict),
      shallow,
      ending,
      ...['etcd-quorum-lost', 'etcd-no-leader', 'le-lease-expired', 'clock-apiserver-skew', 'lb-backend-down'].map((rule) => passing(rule)),
      notApplicable('etcd-partition', 'etcd runs outside the cluster'),
      unknown('etcd-hash-mismatch', '--etcd-cacert, --etcd-cert, --etcd-key'),
    ],
  });
}
