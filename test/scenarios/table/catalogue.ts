// Which further faults of the design's catalogue are put into the lab, and what is the truth about each?
import type { Scenario } from '../scenario.ts';
import { base, cluster, m2, m3, on, reportsNoMore } from './shared.ts';

/** What stands still on a node whose etcd member is gone. */
const beside = (node: 'm2' | 'm3') => [
  [on(node, 'api-readyz-etcd', 10), on(node, 'api-master-unreachable', 10)],
  on(node, 'lb-backend-down', 20),
  reportsNoMore(node, 65),
];
const notOf = ['etcd-no-leader', 'api-credential-rejected', 'etcd-quorum-lost', 'etcd-partition', 'host-unreachable'];

export const catalogue: readonly Scenario[] = [
  {
    ...base,
    id: 'S05',
    title: 'etcd of all three stopped',
    faults: ['m1', 'm2', 'm3'].map((target) => ({ fault: 'etcd-stopped', target })),
    ages: [60],
    expect: {
      kind: 'fault',
      root: cluster('etcd-quorum-lost'),
      folds: [{ rule: 'etcd-member-down', on: ['m1', 'm2', 'm3'] }, cluster('api-all-masters-down', 20), cluster('api-lb-unreachable', 30)],
    },
    forbidden: ['etcd-hash-mismatch', 'api-credential-rejected', 'etcd-partition', 'host-unreachable'],
    unknown: ['le-lease-expired', 'ha-node-notready', 'etcd-hash-mismatch', 'etcd-alarm-nospace'],
    poorerHeads: ['api-lb-unreachable', 'api-all-masters-down'],
  },
  {
    ...base,
    id: 'S10',
    title: 'election timeout of one member five times that of the others',
    faults: [{ fault: 'etcd-timer', target: 'm2' }],
    ages: [40],
    from: 30,
    expect: { kind: 'fault', root: { rule: 'etcd-timing-config' }, folds: [] },
    forbidden: ['etcd-fsync-slow', 'etcd-peer-rtt', 'etcd-member-down', 'etcd-quorum-lost', 'api-master-unreachable'],
  },
  {
    ...base,
    id: 'S15',
    unrecorded: 'looks like S03',
    title: 'bytes changed in the etcd database of m2, then restarted',
    faults: [{ fault: 'etcd-data-corrupt', target: 'm2' }],
    ages: [70],
    expect: {
      kind: 'fault',
      root: m2(['etcd-restart-loop', 'etcd-member-down']),
      folds: [...beside('m2'), cluster('etcd-no-fault-margin')],
    },
    forbidden: notOf,
  },
  {
    ...base,
    id: 'S19',
    title: 'etcd data of m3 wiped, started as a new member',
    faults: [{ fault: 'etcd-data-wiped', target: 'm3' }],
    ages: [70],
    expect: {
      kind: 'fault',
      root: m3(['etcd-cluster-id-mismatch', 'etcd-restart-loop', 'etcd-member-down', 'etcd-partition']),
      folds: [...beside('m3'), cluster('etcd-no-fault-margin')],
    },
    // Its id was given by `member add`, so that it is not recognised: it waits for a quorum in a cluster of another id.
    forbidden: notOf.filter((rule) => rule !== 'etcd-partition'),
  },
  {
    ...base,
    id: 'S23',
    title: 'API-server certificates of all masters expired',
    faults: ['m1', 'm2', 'm3'].map((target) => ({ fault: 'apiserver-cert-expired', target })),
    ages: [60],
    expect: {
      kind: 'fault',
      root: { rule: 'cert-leaf-expired', on: ['m1', 'm2', 'm3'] },
      folds: [cluster('api-lb-unreachable'), { rule: 'api-master-unreachable', on: ['m1', 'm2', 'm3'] }],
    },
    forbidden: ['etcd-*', 'clock-*', 'lb-backend-down', 'cert-operator-expiring', 'api-credential-rejected'],
  },
  {
    ...base,
    id: 'S24',
    title: 'etcd server certificate of m2 expired',
    faults: [{ fault: 'etcd-server-cert-expired', target: 'm2' }],
    ages: [70],
    expect: { kind: 'fault', root: m2('cert-leaf-expired'), folds: beside('m2') },
    forbidden: ['etcd-no-leader', 'etcd-quorum-lost', 'etcd-partition', 'host-unreachable', 'clock-*', 'api-credential-rejected'],
  },
  {
    ...base,
    id: 'S25',
    indispensable: ['kube.container-logs'],
    title: "m3's client certificate for etcd expired, its API server restarted",
    faults: [{ fault: 'etcd-client-cert-expired', target: 'm3' }],
    ages: [60],
    expect: {
      kind: 'fault',
      root: m3(['cert-leaf-expired', 'api-master-unreachable']),
      folds: [m3('lb-backend-down', 15), reportsNoMore('m3', 65)],
    },
    forbidden: ['etcd-*', 'clock-*', 'host-unreachable', 'api-credential-rejected'],
  },
  {
    ...base,
    id: 'S36',
    title: 'every clock of m2 30 s ahead',
    faults: [{ fault: 'clock-ahead', target: 'm2' }],
    ages: [30],
    expect: {
      kind: 'fault',
      root: m2(['clock-apiserver-skew', 'clock-etcd-skew', 'clock-unsynchronised']),
      folds: [m2('clock-kubelet-skew'), { rule: 'le-renew-in-future' }],
    },
    forbidden: ['le-lease-expired', 'cert-*', 'ha-node-notready', 'etcd-member-down', 'api-master-unreachable', 'host-unreachable'],
  },
];
