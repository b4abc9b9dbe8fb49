// What is the truth about an etcd that is short of room, far away, or set up badly?
import type { Scenario } from '../scenario.ts';
import { base, cluster, m2, m3 } from './shared.ts';

const everyMember = ['m1', 'm2', 'm3'];
const consensus = ['etcd-quorum-lost', 'etcd-no-leader', 'etcd-partition', 'etcd-leader-disagreement'];
/** What follows from a member that is away, whichever way its API server shows it at that age. */
const memberAway = [
  m2('etcd-member-down'),
  m2(['api-readyz-etcd', 'api-master-unreachable']),
  m2('lb-backend-down'),
  cluster('etcd-no-fault-margin'),
];

export const etcd: readonly Scenario[] = [
  {
    ...base,
    id: 'S62',
    title: 'etcd files that are mostly empty',
    faults: [{ fault: 'etcd-fragmented' }],
    ages: [10],
    expect: { kind: 'fault', root: { rule: 'etcd-fragmentation', on: everyMember }, folds: [] },
    forbidden: [...consensus, 'etcd-db-near-quota', 'etcd-alarm-nospace', 'etcd-compaction', 'etcd-member-down'],
  },
  {
    ...base,
    id: 'S13',
    title: 'room was made in a full etcd, and nobody took the alarm back',
    faults: [{ fault: 'etcd-alarm-left' }],
    ages: [75],
    expect: { kind: 'fault', root: cluster('etcd-alarm-lingering'), folds: [cluster('le-lease-expired'), cluster('ha-node-notready')] },
    forbidden: [...consensus, 'etcd-alarm-nospace', 'etcd-db-near-quota', 'etcd-member-down', 'api-readyz-etcd'],
  },
  {
    ...base,
    id: 'S65',
    title: 'etcd of m2 does not know one of its flags',
    faults: [{ fault: 'etcd-bad-flag', target: 'm2' }],
    ages: [40, 100],
    expect: { kind: 'fault', root: m2('etcd-restart-loop'), folds: memberAway },
    forbidden: [...consensus, 'api-credential-rejected', 'host-unreachable'],
  },
  {
    ...base,
    id: 'S66',
    unrecorded: 'not yet',
    title: 'm2 is far away from the other etcd members',
    faults: [{ fault: 'etcd-peers-delayed', target: 'm2' }],
    ages: [960],
    expect: { kind: 'fault', root: { rule: 'etcd-peer-rtt', on: everyMember }, folds: [cluster('etcd-timing-config')] },
    forbidden: ['etcd-quorum-lost', 'etcd-partition', 'etcd-fsync-slow', 'etcd-member-down', 'host-unreachable'],
  },
  {
    ...base,
    id: 'S18',
    title: 'the member of m3 made anew as a learner and never promoted',
    faults: [{ fault: 'etcd-learner-left', target: 'm3' }],
    ages: [630],
    expect: { kind: 'fault', root: m3('etcd-learner-stuck'), folds: [m3('api-master-unreachable')] },
    forbidden: ['etcd-member-down', 'etcd-partition', 'etcd-quorum-lost', 'host-unreachable'],
    poorerHeads: ['api-master-unreachable'],
  },
  {
    ...base,
    id: 'S21',
    unrecorded: 'each piece of evidence about etcd shows it in a way of its own, so that less of it says something else',
    title: 'etcd of m3 restored by itself into a cluster of its own',
    faults: [{ fault: 'etcd-own-cluster', target: 'm3' }],
    ages: [60],
    expect: { kind: 'fault', root: m3('etcd-cluster-id-mismatch'), folds: [cluster('etcd-no-fault-margin')] },
    forbidden: ['clock-*', 'etcd-quorum-lost', 'etcd-member-down', 'host-unreachable'],
  },
  {
    ...base,
    id: 'S67',
    unrecorded: 'not yet',
    title: 'm3 taken away and its node deleted, its etcd member left in the list',
    faults: [{ fault: 'master-deleted', target: 'm3' }],
    ages: [60],
    expect: { kind: 'fault', root: m3(['etcd-member-stale', 'etcd-member-down']), folds: [cluster('etcd-no-fault-margin')] },
    forbidden: ['etcd-quorum-lost', 'etcd-partition', 'etcd-member-unstarted', 'etcd-no-leader'],
    poorerHeads: ['etcd-no-fault-margin', 'lb-backend-down'],
  },
  {
    ...base,
    id: 'S68',
    unrecorded: 'command lines are told by the list of pods alone',
    title: 'the API server of m2 asks an address that is no etcd member, too',
    faults: [
      {
        fault: 'component-flag',
        target: 'm2',
        values: { component: 'kube-apiserver', flag: '--etcd-servers=https://127.0.0.1:2379,https://10.89.0.99:2379' },
      },
    ],
    ages: [60],
    expect: { kind: 'fault', root: m2('etcd-endpoints-mismatch'), folds: [] },
    forbidden: [...consensus, 'etcd-member-down', 'etcd-member-count', 'etcd-no-fault-margin', 'api-master-unreachable'],
  },
  {
    ...base,
    id: 'S69',
    unrecorded: 'not yet',
    title: 'etcd of m2 runs without fsync',
    faults: [{ fault: 'etcd-bad-flag', target: 'm2', values: { flag: '--unsafe-no-fsync' } }],
    ages: [60],
    expect: { kind: 'fault', root: m2('etcd-unsafe-config'), folds: [] },
    forbidden: [...consensus, 'etcd-member-down', 'etcd-restart-loop'],
  },
  {
    ...base,
    id: 'S70',
    title: 'the alarm CORRUPT raised for the member of m2',
    faults: [{ fault: 'etcd-corrupt-alarm', target: 'm2' }],
    ages: [60],
    expect: { kind: 'fault', root: cluster('etcd-alarm-corrupt'), folds: [cluster('le-lease-expired'), cluster('ha-node-notready')] },
    forbidden: [...consensus, 'etcd-member-down', 'api-credential-rejected'],
    poorerHeads: ['api-lb-unreachable', 'api-all-masters-down'],
  },
];
