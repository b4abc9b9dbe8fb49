// What is the truth about what is slow instead of dead?
import type { Scenario } from '../scenario.ts';
import { base, m2, on } from './shared.ts';

const notDead = ['etcd-quorum-lost', 'etcd-no-leader', 'host-unreachable', 'api-credential-rejected', 'api-all-masters-down'];

export const slow: readonly Scenario[] = [
  {
    ...base,
    id: 'S11',
    title: 'disk of the etcd leader slow',
    faults: [{ fault: 'etcd-slow-disk', target: 'leader' }],
    ages: [70],
    expect: { kind: 'fault', root: on('LEADER', 'etcd-fsync-slow'), folds: [] },
    forbidden: [...notDead, 'etcd-peer-rtt', 'etcd-member-down'],
  },
  {
    ...base,
    id: 'S113',
    unrecorded: 'not yet',
    title: 'etcd of m2 stands still for 2 s of every 3 s',
    faults: [{ fault: 'program-pulsed', target: 'm2' }],
    ages: [60],
    expect: { kind: 'fault', root: m2(['etcd-member-stalls', 'etcd-member-down', 'etcd-requests-failing', 'api-readyz-etcd']), folds: [] },
    forbidden: notDead,
  },
  {
    ...base,
    id: 'S114',
    unrecorded: 'not yet',
    title: 'API server of m2 stands still for 4 s of every 5 s',
    faults: [{ fault: 'program-pulsed', target: 'm2', values: { component: 'kube-apiserver', stopped: '4' } }],
    ages: [40],
    until: 50,
    expect: { kind: 'fault', root: m2(['api-master-unreachable', 'api-latency-p99', 'lb-backend-down']), folds: [] },
    forbidden: [...notDead, 'etcd-*'],
  },
  {
    ...base,
    id: 'S116',
    title: 'API server of m2 gets 2 % of a processor',
    faults: [{ fault: 'cpu-starved', target: 'm2', values: { component: 'kube-apiserver' } }],
    ages: [60],
    expect: { kind: 'fault', root: m2(['api-master-unreachable', 'api-latency-p99', 'lb-backend-down']), folds: [] },
    forbidden: [...notDead, 'etcd-*'],
  },
  {
    ...base,
    id: 'S115',
    unrecorded: 'not yet',
    title: 'etcd of m2 gets 2 % of a processor',
    faults: [{ fault: 'cpu-starved', target: 'm2' }],
    ages: [60],
    expect: { kind: 'fault', root: m2(['etcd-member-stalls', 'etcd-member-down', 'etcd-requests-failing', 'api-readyz-etcd']), folds: [] },
    forbidden: notDead,
  },
];
