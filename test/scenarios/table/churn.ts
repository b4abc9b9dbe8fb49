// What happens in every healthy cluster and must not be called a fault?
// With --repeat above 2 the leader moves, and one API server restarts, more often than is ordinary: both are then rightly told.
import type { Scenario } from '../scenario.ts';
import { base } from './shared.ts';

const ordinary = { ...base, ages: [5], expect: { kind: 'nothing', exitCode: [0] } } as const;

export const churn: readonly Scenario[] = [
  {
    ...ordinary,
    id: 'S140',
    title: 'churn: a planned transfer of the etcd leader',
    faults: [{ fault: 'etcd-leader-moved', target: 'follower' }],
  },
  { ...ordinary, id: 'S141', title: 'churn: a scheduler restarted', faults: [{ fault: 'program-restarted', target: 'm1' }] },
  { ...ordinary, id: 'S142', title: 'churn: a cordoned node', faults: [{ fault: 'node-cordoned', target: 'w1' }] },
  {
    ...ordinary,
    id: 'S143',
    title: 'churn: an API server restarted by its kubelet',
    faults: [{ fault: 'program-restarted', target: 'm2', values: { component: 'kube-apiserver' } }],
    ages: [10],
  },
];
