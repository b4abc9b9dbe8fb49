// What is the truth about an etcd that is short of room, far away, or set up badly?
import type { Scenario } from '../scenario.ts';
import { base, cluster, m2 } from './shared.ts';

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
    id: 'S63',
    unrecorded: 'not yet',
    title: 'room was made in a full etcd, and nobody took the alarm back',
    faults: [{ fault: 'etcd-alarm-left' }],
    ages: [75],
    expect: { kind: 'fault', root: cluster('etcd-alarm-lingering'), folds: [cluster('le-lease-expired'), cluster('ha-node-notready')] },
    forbidden: [...consensus, 'etcd-alarm-nospace', 'etcd-db-near-quota', 'etcd-member-down', 'api-readyz-etcd'],
  },
  {
    ...base,
    id: 'S64',
    unrecorded: 'not yet',
    title: 'the disk under etcd of m2 is full',
    faults: [{ fault: 'etcd-disk-full', target: 'm2' }],
    ages: [70],
    expect: { kind: 'fault', root: m2('etcd-restart-loop'), folds: memberAway },
    forbidden: [...consensus, 'etcd-alarm-nospace', 'api-credential-rejected', 'host-unreachable'],
  },
  {
    ...base,
    id: 'S65',
    unrecorded: 'not yet',
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
    ages: [110],
    expect: { kind: 'fault', root: { rule: 'etcd-peer-rtt', on: everyMember }, folds: [cluster('etcd-timing-config')] },
    forbidden: ['etcd-quorum-lost', 'etcd-partition', 'etcd-fsync-slow', 'etcd-member-down', 'host-unreachable'],
  },
];
