// What goes wrong with the election of leaders, and with one component's clock alone?
import type { Scenario } from '../scenario.ts';
import { base, m2 } from './shared.ts';

const scheduler = (flag: string) => [{ fault: 'component-flag', target: 'm2', values: { component: 'kube-scheduler', flag } }];
const forbidden = ['api-master-unreachable', 'le-lease-expired', 'le-lease-missing', 'etcd-*', 'lb-*'];

export const leaders: readonly Scenario[] = [
  {
    ...base,
    id: 'S150',
    unrecorded: 'one piece of evidence alone shows it',
    title: 'the scheduler of m2 works without being elected',
    faults: scheduler('--leader-elect=false'),
    ages: [110],
    expect: { kind: 'fault', root: { rule: 'le-disabled' }, folds: [{ rule: 'le-two-active' }, { rule: 'api-flag-drift' }] },
    forbidden,
  },
  {
    ...base,
    id: 'S151',
    unrecorded: 'not yet',
    title: 'the scheduler of m2 leads by a lock of its own',
    faults: scheduler('--leader-elect-resource-name=second'),
    ages: [110],
    expect: { kind: 'fault', root: { rule: 'le-foreign-lock' }, folds: [{ rule: 'le-two-active' }, { rule: 'api-flag-drift' }] },
    forbidden,
  },
  {
    ...base,
    id: 'S152',
    title: 'the controller manager of m2 ends at each start over timings that contradict each other',
    faults: [
      {
        fault: 'component-flag',
        target: 'm2',
        values: { component: 'kube-controller-manager', flag: '--leader-elect-renew-deadline=20s', starts: 'no' },
      },
    ],
    ages: [90],
    expect: { kind: 'fault', root: { rule: 'le-timing' }, folds: [m2('le-component-unhealthy'), { rule: 'api-flag-drift' }] },
    forbidden,
  },
  {
    ...base,
    id: 'S153',
    unrecorded: 'not yet',
    title: 'the clock of m2’s kubelet alone is 30 s ahead',
    faults: [{ fault: 'clock-ahead', target: 'm2', values: { component: 'kubelet' } }],
    ages: [30],
    expect: { kind: 'fault', root: m2('clock-kubelet-skew'), folds: [{ rule: 'le-renew-in-future' }] },
    forbidden: ['clock-apiserver-skew', 'clock-etcd-skew', 'ha-node-notready', ...forbidden],
  },
];
