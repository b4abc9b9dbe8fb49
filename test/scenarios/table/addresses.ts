// What is the truth about addresses that moved while somebody still uses the old one?
import type { Scenario } from '../scenario.ts';
import { base, cluster, m2, m3 } from './shared.ts';

export const addresses: readonly Scenario[] = [
  {
    ...base,
    id: 'S110',
    unrecorded: 'lost streams are told by the counters alone',
    title: "m3's peer URL in the member list is an address it no longer has",
    faults: [{ fault: 'etcd-peer-url-stale', target: 'm3' }],
    ages: [45],
    expect: { kind: 'fault', root: m3(['etcd-partition', 'etcd-member-down']), folds: [] },
    // It has just been started anew: until it runs it is down.
    forbidden: ['etcd-quorum-lost', 'etcd-no-leader', 'host-unreachable', 'api-credential-rejected'],
  },
  {
    ...base,
    id: 'S111',
    unrecorded: 'not yet',
    title: 'the kubeconfig names an address that no load balancer has any more',
    faults: [],
    ages: [0],
    kubeconfig: 'moved',
    expect: { kind: 'fault', root: cluster('api-lb-unreachable'), folds: [] },
    forbidden: ['api-all-masters-down', 'api-master-unreachable', 'etcd-*', 'host-unreachable', 'ha-node-notready'],
  },
  {
    ...base,
    id: 'S112',
    unrecorded: 'looks like S41',
    title: 'kubelet.conf of m2 names an address that was given up',
    faults: [{ fault: 'kubelet-server-moved', target: 'm2' }],
    ages: [65],
    from: 55,
    expect: { kind: 'fault', root: m2('ha-node-notready'), folds: [] },
    forbidden: ['etcd-*', 'api-*', 'lb-*', 'host-unreachable', 'le-lease-expired'],
  },
];
