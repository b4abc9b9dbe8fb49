// What is the truth about upgrades and edits that went wrong?
import type { Scenario } from '../scenario.ts';
import { base, cluster, m2, m3, reportsNoMore } from './shared.ts';

const oneMember = ['etcd-no-leader', 'etcd-quorum-lost', 'etcd-partition', 'host-unreachable', 'api-credential-rejected'];
const besideEtcd = [
  [m2('api-readyz-etcd', 10), m2('api-master-unreachable', 10)],
  m2('lb-backend-down', 20),
  reportsNoMore('m2', 65),
  cluster('etcd-no-fault-margin'),
];

export const upgrades: readonly Scenario[] = [
  {
    ...base,
    id: 'S48',
    unrecorded: 'looks like S01',
    title: 'API server of m2 has a flag that no longer exists',
    faults: [{ fault: 'apiserver-bad-flag', target: 'm2', values: { flag: '--insecure-port=0' } }],
    ages: [70],
    expect: {
      kind: 'fault',
      root: m2(['api-restart-loop', 'api-master-unreachable']),
      folds: [m2('lb-backend-down', 20), reportsNoMore('m2', 65)],
    },
    forbidden: ['etcd-*', 'host-unreachable', 'api-lb-unreachable'],
  },
  {
    ...base,
    id: 'S49',
    unrecorded: 'looks like S03',
    title: 'image of etcd on m2 cannot be pulled',
    faults: [{ fault: 'image-missing', target: 'm2' }],
    ages: [70],
    expect: { kind: 'fault', root: m2(['etcd-restart-loop', 'etcd-member-down']), folds: besideEtcd },
    forbidden: oneMember,
  },
  {
    ...base,
    id: 'S51',
    title: 'manifest of the scheduler moved away on all masters and forgotten',
    faults: ['m1', 'm2', 'm3'].map((target) => ({ fault: 'manifest-forgotten', target })),
    ages: [45],
    from: 25,
    expect: { kind: 'fault', root: cluster('le-lease-expired'), folds: [] },
    forbidden: ['etcd-*', 'api-*', 'lb-*', 'host-unreachable', 'ha-node-notready'],
  },
  {
    ...base,
    id: 'S52',
    unrecorded: 'looks like S01',
    title: 'image of the API server on m3 cannot be pulled',
    faults: [{ fault: 'image-missing', target: 'm3', values: { component: 'kube-apiserver' } }],
    ages: [70],
    expect: {
      kind: 'fault',
      root: m3(['api-restart-loop', 'api-master-unreachable']),
      folds: [m3('lb-backend-down', 20), reportsNoMore('m3', 65)],
    },
    forbidden: ['etcd-*', 'host-unreachable', 'api-lb-unreachable'],
  },
  {
    ...base,
    id: 'S55',
    unrecorded: 'not yet',
    title: 'API server of m3 asks an etcd address that is gone',
    faults: [{ fault: 'component-flag', target: 'm3', values: { flag: '--etcd-servers=https://10.89.0.99:2379' } }],
    ages: [70],
    expect: {
      kind: 'fault',
      root: m3(['etcd-endpoints-mismatch', 'api-restart-loop', 'api-master-unreachable']),
      folds: [m3('lb-backend-down', 20), reportsNoMore('m3', 65)],
    },
    forbidden: ['etcd-member-down', 'etcd-partition', 'etcd-quorum-lost', 'host-unreachable', 'api-lb-unreachable'],
  },
];
