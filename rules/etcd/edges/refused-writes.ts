// What fails everywhere once etcd refuses every write, whether or not there is room again?
import type { RuleId } from '../../../src/model/rule-ids.ts';
import type { Edge } from '../../../src/model/rule.ts';

const effects: readonly Edge[] = [
  { to: 'le-lease-expired', kind: 'causes', on: 'cluster', because: 'renewing a lease is a write' },
  {
    to: 'ha-node-notready',
    kind: 'causes',
    on: 'cluster',
    because: 'no heartbeat is written, and no status either',
    produces: ['heartbeat-stale'],
  },
  { to: 'api-identity-lease', kind: 'causes', on: 'cluster', because: 'renewing a lease is a write', produces: ['expired'] },
  { to: 'api-5xx-ratio', kind: 'causes', on: 'cluster', because: 'every write ends as 500 mvcc: database space exceeded' },
  {
    to: 'api-webhook-hazard',
    kind: 'causes',
    on: 'cluster',
    because: 'leases stand still whether or not a webhook answers',
    produces: ['no-answer'],
  },
  { to: 'etcd-requests-failing', kind: 'causes', on: 'cluster', because: 'every put is refused' },
  {
    to: 'le-component-unhealthy',
    kind: 'causes',
    on: 'cluster',
    because: 'controller-manager and scheduler end themselves when they lose their lease',
  },
];

/** Objects of their own for each rule. @param shown the effects that a recording shows of this cause. */
export function effectsOfRefusedWrites(shown: readonly RuleId[]): readonly Edge[] {
  return effects.map((edge) => (shown.includes(edge.to) ? { ...edge } : { ...edge, unproven: true }));
}
