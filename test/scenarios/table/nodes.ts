// What is the truth about sick software and disks on one machine?
import type { Scenario } from '../scenario.ts';
import { base, cluster, m2, reportsNoMore } from './shared.ts';

const serves = ['etcd-*', 'api-*', 'lb-*', 'host-unreachable', 'le-lease-expired'];
const oneMember = ['etcd-no-leader', 'etcd-quorum-lost', 'etcd-partition', 'host-unreachable', 'api-credential-rejected'];
const besideEtcd = [
  [m2('api-readyz-etcd', 10), m2('api-master-unreachable', 10)],
  m2('lb-backend-down', 20),
  reportsNoMore('m2', 65),
  cluster('etcd-no-fault-margin'),
];

export const nodes: readonly Scenario[] = [
  {
    ...base,
    id: 'S41',
    title: 'containerd of m2 stopped; its containers run on',
    faults: [{ fault: 'containerd-stopped', target: 'm2' }],
    ages: [60],
    from: 50,
    expect: { kind: 'fault', root: m2('ha-node-notready'), folds: [] },
    forbidden: serves,
  },
  {
    ...base,
    id: 'S42',
    unrecorded: 'looks like S41',
    title: 'kubelet of m2 stopped; its containers run on',
    faults: [{ fault: 'kubelet-stopped', target: 'm2' }],
    ages: [65],
    from: 55,
    expect: { kind: 'fault', root: m2('ha-node-notready'), folds: [] },
    forbidden: serves,
  },
  {
    ...base,
    id: 'S43',
    unrecorded: 'looks like S41',
    title: 'kubelet of m2 hung; its containers run on',
    faults: [{ fault: 'kubelet-hung', target: 'm2' }],
    ages: [65],
    from: 55,
    expect: { kind: 'fault', root: m2('ha-node-notready'), folds: [] },
    forbidden: serves,
  },
  {
    ...base,
    id: 'S44',
    unrecorded: 'looks like S03',
    title: 'disk below the etcd data of m2 full',
    faults: [{ fault: 'etcd-disk-full', target: 'm2' }],
    ages: [70],
    expect: { kind: 'fault', root: m2(['etcd-host-resources', 'etcd-restart-loop', 'etcd-member-down']), folds: besideEtcd },
    forbidden: [...oneMember, 'etcd-alarm-nospace'],
  },
  {
    ...base,
    id: 'S45',
    unrecorded: 'looks like S03',
    title: 'disk below the etcd data of m2 read-only',
    faults: [{ fault: 'etcd-data-read-only', target: 'm2' }],
    ages: [70],
    expect: { kind: 'fault', root: m2(['etcd-host-resources', 'etcd-restart-loop', 'etcd-member-down']), folds: besideEtcd },
    forbidden: oneMember,
  },
  {
    ...base,
    id: 'S46',
    title: 'API server of m2 out of file descriptors',
    faults: [{ fault: 'descriptors-exhausted', target: 'm2' }],
    ages: [40],
    until: 50,
    expect: { kind: 'fault', root: m2('api-master-unreachable'), folds: [m2('lb-backend-down', 20)] },
    forbidden: ['etcd-*', 'host-unreachable', 'api-lb-unreachable'],
  },
];
