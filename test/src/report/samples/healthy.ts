// A hand-written run that found nothing: with every vital question answered, and with one left open.
import type { Report } from '../../../../src/model/report.ts';
import { passing, report, step, unknown } from './build.ts';

const asked = [
  step('gate', 'platform known?', 'yes', [1, 0, 0]),
  step('api', 'does the API answer?', 'yes', [8, 0, 0]),
  step('certificates', 'certificates valid?', 'yes', [3, 0, 0]),
];

const passes = ['etcd-quorum-lost', 'api-lb-unreachable', 'cert-leaf-expired', 'clock-apiserver-skew'].map((rule) => passing(rule));

export function healthy(): Report {
  return report({
    verdict: { level: 'healthy', line: 'nothing found that threatens the control plane', impact: '' },
    vantages: [
      { name: 'LB', reached: 'yes', detail: '' },
      { name: '3 masters', reached: 'yes', detail: '' },
    ],
    tree: [
      ...asked,
      step('etcd', 'etcd leader?', 'yes', [4, 0, 0]),
      step('etcd', 'data equal on all?', 'unknown', [0, 0, 1], { vital: false }),
    ],
    verdicts: [...passes, unknown('etcd-hash-mismatch', '--etcd-cacert, --etcd-cert, --etcd-key')],
  });
}

export function incomplete(): Report {
  return report({
    verdict: { level: 'incomplete', line: 'nothing found, but a vital question is open: etcd leader?', impact: '' },
    vantages: [
      { name: 'LB', reached: 'yes', detail: '' },
      { name: 'etcd', reached: 'no', detail: 'no certificate, and port-forwarding is off' },
    ],
    tree: [...asked, step('etcd', 'etcd leader?', 'unknown', [0, 0, 2], { because: ['etcd-quorum-lost'] })],
    verdicts: [
      ...passes.slice(1),
      unknown('etcd-quorum-lost', 'leave out --no-port-forward, or give --etcd-cacert, --etcd-cert and --etcd-key'),
      unknown('etcd-no-leader', 'leave out --no-port-forward, or give --etcd-cacert, --etcd-cert and --etcd-key'),
    ],
  });
}
