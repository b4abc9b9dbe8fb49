// What is broken at the load balancers and their address, in a lab that has two of them with keepalived?
import type { Scenario } from '../scenario.ts';
import { base as usual } from './shared.ts';

const base = { ...usual, lab: 'vip', unrecorded: 'not yet' } as const;
const calm = ['etcd-*', 'le-*', 'clock-*', 'cert-*', 'api-all-masters-down', 'api-master-unreachable'];

export const balancers: readonly Scenario[] = [
  {
    ...base,
    id: 'S90',
    title: 'a stranger in the place of m2 in the list of the load balancer that holds the address',
    faults: [{ fault: 'haproxy-stranger', target: 'lb1' }],
    ages: [15],
    expect: { kind: 'fault', root: { rule: 'lb-backend-set-mismatch' }, folds: [{ rule: 'lb-backend-down' }] },
    forbidden: [...calm, 'vip-*', 'api-lb-unreachable'],
  },
  {
    ...base,
    id: 'S91',
    title: 'idle connections are cut after five seconds',
    faults: [{ fault: 'haproxy-idle-timeout', target: 'lb1' }],
    ages: [20],
    expect: { kind: 'fault', root: { rule: 'lb-idle-timeout' }, folds: [] },
    forbidden: [...calm, 'vip-*', 'api-lb-unreachable', 'ha-node-notready'],
  },
  {
    ...base,
    id: 'S92',
    title: 'm2 has come and gone three times for the load balancers',
    faults: [{ fault: 'backend-flapping', target: 'm2' }],
    ages: [12],
    expect: { kind: 'fault', root: { rule: 'lb-unstable', on: ['m2'] }, folds: [] },
    forbidden: [...calm, 'vip-*', 'api-lb-unreachable'],
  },
  {
    ...base,
    id: 'S94',
    title: 'nobody holds the address',
    faults: [
      { fault: 'keepalived-stopped', target: 'lb1' },
      { fault: 'keepalived-stopped', target: 'lb2' },
    ],
    ages: [10],
    expect: { kind: 'fault', root: { rule: 'vip-no-holder' }, folds: [{ rule: 'api-lb-unreachable' }] },
    forbidden: [...calm, 'vip-dual-holder', 'vip-holder-lb-down'],
  },
  {
    ...base,
    id: 'S95',
    title: 'both load balancers hold the address',
    faults: [{ fault: 'vrrp-blocked', target: 'lb2' }],
    ages: [20],
    expect: { kind: 'fault', root: { rule: 'vip-dual-holder' }, folds: [] },
    forbidden: [...calm, 'vip-no-holder', 'vip-holder-lb-down'],
  },
  {
    ...base,
    id: 'S96',
    unrecorded: 'whether the address is served is told by the tries alone',
    title: 'the address stays where HAProxy is dead, because nothing watches it',
    faults: [{ fault: 'keepalived-untracked' }, { fault: 'haproxy-stopped', target: 'lb1' }],
    ages: [12],
    expect: {
      kind: 'fault',
      root: { rule: 'vip-holder-lb-down', on: ['lb1'] },
      folds: [{ rule: 'api-lb-unreachable' }],
      worsens: ['vip-track-ineffective'],
    },
    forbidden: [...calm, 'vip-no-holder', 'vip-dual-holder'],
  },
  {
    ...base,
    lab: 'nginx',
    id: 'S93',
    title: 'the API server of m2 is stopped behind Nginx',
    faults: [{ fault: 'apiserver-stopped', target: 'm2' }],
    ages: [60],
    expect: { kind: 'fault', root: { rule: 'api-master-unreachable', on: ['m2'] }, folds: [] },
    forbidden: ['api-lb-unreachable', 'etcd-*', 'lb-backend-set-mismatch', 'lb-tls-terminated', 'vip-*'],
  },
];
