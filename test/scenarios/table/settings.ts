// What is set or renewed wrongly on one machine, so that something ends, hides or is cut off?
import type { Scenario } from '../scenario.ts';
import { base as usual, cluster, m2, m3 } from './shared.ts';

const base = { ...usual, unrecorded: 'not yet' } as const;
const consensus = ['etcd-quorum-lost', 'etcd-no-leader', 'api-all-masters-down', 'host-unreachable'];

export const settings: readonly Scenario[] = [
  {
    ...base,
    id: 'S170',
    title: 'etcd peer certificate of m2 expired, etcd restarted',
    faults: [{ fault: 'pki-expired', target: 'm2', values: { certificate: 'etcd-peer' } }],
    ages: [60],
    expect: {
      kind: 'fault',
      root: m2(['cert-leaf-expired', 'etcd-partition', 'etcd-member-down']),
      folds: [[m2('api-readyz-etcd', 20), m2('api-master-unreachable', 20)]],
    },
    forbidden: [...consensus, 'clock-*', 'api-credential-rejected'],
  },
  {
    ...base,
    id: 'S171',
    title: 'the load balancer takes three connections and lets the others wait',
    faults: [{ fault: 'haproxy-full' }],
    ages: [30],
    expect: {
      kind: 'fault',
      root: cluster(['api-lb-unreachable', 'lb-unstable', 'api-connection-imbalance', 'lb-no-backend-up']),
      folds: [],
    },
    forbidden: [...consensus, 'api-master-unreachable', 'etcd-*', 'cert-*', 'clock-*'],
  },
  {
    ...base,
    id: 'S172',
    title: 'the API server of m2 is ended for its memory at each start',
    faults: [{ fault: 'memory-limited', target: 'm2' }],
    ages: [70],
    expect: { kind: 'fault', root: m2(['api-restart-loop', 'api-master-unreachable']), folds: [] },
    forbidden: [...consensus, 'etcd-*', 'cert-*', 'clock-*', 'api-lb-unreachable'],
  },
  {
    ...base,
    id: 'S173',
    title: 'etcd of m2 listens for clients on its own machine alone',
    faults: [{ fault: 'component-flag', target: 'm2', values: { component: 'etcd', flag: '--listen-client-urls=https://127.0.0.1:2379' } }],
    ages: [60],
    expect: { kind: 'fault', root: m2(['etcd-member-down', 'etcd-endpoints-mismatch', 'etcd-requests-failing']), folds: [] },
    forbidden: [...consensus, 'api-*', 'lb-*', 'ha-node-notready', 'etcd-partition', 'etcd-no-fault-margin'],
  },
  {
    ...base,
    id: 'S174',
    title: 'the API server of m2 listens on another port',
    faults: [{ fault: 'component-flag', target: 'm2', values: { component: 'kube-apiserver', flag: '--secure-port=6444', starts: 'no' } }],
    ages: [60],
    expect: { kind: 'fault', root: m2(['api-master-unreachable', 'api-restart-loop', 'api-flag-drift']), folds: [m2('lb-backend-down')] },
    forbidden: [...consensus, 'etcd-*', 'cert-*', 'clock-*', 'api-lb-unreachable'],
  },
  {
    ...base,
    id: 'S175',
    title: 'the API server of m2 trusts another authority for etcd',
    faults: [
      {
        fault: 'component-flag',
        target: 'm2',
        values: { component: 'kube-apiserver', flag: '--etcd-cafile=/etc/kubernetes/pki/ca.crt', starts: 'no' },
      },
    ],
    ages: [60],
    expect: { kind: 'fault', root: m2(['api-restart-loop', 'api-master-unreachable', 'api-flag-drift']), folds: [m2('lb-backend-down')] },
    forbidden: [...consensus, 'etcd-*', 'clock-*', 'api-lb-unreachable'],
  },
  {
    ...base,
    id: 'S176',
    title: 'every clock of m3 40 s behind',
    faults: [{ fault: 'clock-ahead', target: 'm3', values: { seconds: '-40' } }],
    ages: [40],
    expect: { kind: 'fault', root: m3(['clock-apiserver-skew', 'clock-etcd-skew', 'clock-kubelet-skew']), folds: [] },
    forbidden: [...consensus, 'etcd-member-down', 'le-lease-expired', 'cert-*', 'api-master-unreachable'],
  },
  {
    ...base,
    id: 'S177',
    title: 'the API server of m2 announces an address that no machine has',
    faults: [{ fault: 'component-flag', target: 'm2', values: { component: 'kube-apiserver', flag: '--advertise-address=10.89.0.99' } }],
    ages: [70],
    expect: { kind: 'fault', root: { rule: ['api-endpoints-mismatch', 'api-flag-drift'] }, folds: [] },
    forbidden: [...consensus, 'etcd-*', 'cert-*', 'clock-*', 'api-lb-unreachable'],
  },
];
