// What stops everywhere once etcd accepts no write, whatever the reason is?
import { checkedReasons } from '../../../src/judge/readings/backend.ts';
import { mastersShowThrough } from '../../../src/judge/readings/entry.ts';
import type { RuleId } from '../../../src/model/rule-ids.ts';
import type { Edge } from '../../../src/model/rule.ts';

const effects: readonly Edge[] = [
  { to: 'api-all-masters-down', kind: 'causes', on: 'cluster', because: 'no API server is ready without etcd' },
  { to: 'api-restart-loop', kind: 'causes', on: 'cluster', because: 'the liveness probe contains the etcd check' },
  {
    to: 'api-lb-unreachable',
    kind: 'causes',
    on: 'cluster',
    because: 'no API server behind the load balancer is ready',
    when: ({ effect }, seen) => mastersShowThrough(seen, effect.reason),
  },
  { to: 'lb-no-backend-up', kind: 'causes', on: 'cluster', because: 'every backend fails its readiness check' },
  {
    to: 'lb-backend-down',
    kind: 'causes',
    on: 'cluster',
    because: 'every backend fails its readiness check',
    produces: checkedReasons,
  },
  { to: 'le-lease-expired', kind: 'causes', on: 'cluster', because: 'no lease can be renewed without writes' },
  { to: 'ha-node-notready', kind: 'causes', on: 'cluster', because: 'no heartbeat can be written' },
  {
    to: 'api-identity-lease',
    kind: 'causes',
    on: 'cluster',
    because: 'no lease can be renewed without writes',
    produces: ['expired'],
  },
  { to: 'etcd-leader-changes', kind: 'causes', on: 'cluster', because: 'each leader found and lost again is counted' },
  { to: 'api-5xx-ratio', kind: 'causes', on: 'cluster', because: 'every request that needs etcd fails' },
];

/** Objects of their own for each rule. @param shown the effects that a recording shows of this cause. */
export function effectsOfStandstill(shown: readonly RuleId[]): readonly Edge[] {
  return effects.map((edge) => (shown.includes(edge.to) ? { ...edge } : { ...edge, unproven: true }));
}
