// What follows from an API server that gives clients no answer they can use?
import { checkedReasons } from '../../../src/judge/readings/backend.ts';
import { kubeletHangsOnOwnApiServer } from '../../../src/judge/readings/host.ts';
import type { Edge } from '../../../src/model/rule.ts';

export const effectsOfLostMaster: readonly Edge[] = [
  {
    to: 'le-no-standby',
    kind: 'causes',
    on: 'cluster',
    because: 'an instance cannot lead without the API server beside it',
    covers: 'all',
    match: 'node',
  },
  {
    to: 'lb-unstable',
    kind: 'causes',
    on: 'node',
    because: 'an API server that comes and goes is taken out and put back',
    produces: ['flapping'],
    unproven: true,
  },
  {
    to: 'lb-backend-down',
    kind: 'causes',
    on: 'apiserver',
    because: 'the load balancer takes out a backend whose check fails',
    produces: checkedReasons,
  },
  {
    to: 'lb-check-disagrees',
    kind: 'causes',
    on: 'apiserver',
    because: 'a check that is too shallow keeps sending clients to it',
    produces: ['up'],
  },
  {
    to: 'api-endpoints-mismatch',
    kind: 'causes',
    on: 'apiserver',
    because: 'its address stays listed until its lease in etcd ends',
    produces: ['stale'],
  },
  {
    to: 'ha-node-notready',
    kind: 'causes',
    on: 'node',
    because: 'the kubelet on a master reports to the API server beside it',
    when: ({ effect }, seen) => kubeletHangsOnOwnApiServer(seen, effect.subject.keys.node),
  },
  {
    to: 'le-component-unhealthy',
    kind: 'causes',
    on: 'node',
    because: 'controller-manager and scheduler use the API server beside them',
    unproven: true,
  },
  {
    to: 'api-lb-unreachable',
    kind: 'causes',
    on: 'cluster',
    because: 'the load balancer still sends it a share of the clients',
    produces: ['partial'],
    covers: 'all',
    match: 'apiserver',
  },
  {
    to: 'api-lb-unreachable',
    kind: 'causes',
    on: 'cluster',
    because: 'the kubeconfig names this API server and no other',
    covers: 'all',
    match: 'apiserver',
    when: (_link, seen) => (seen.topology.entryIsMaster ? 'yes' : 'no'),
    unproven: true,
  },
  {
    to: 'api-latency-p99',
    kind: 'causes',
    on: 'apiserver',
    because: 'what is slow to shake hands is slow to answer',
    when: ({ cause }) => (cause.reason === 'slow' || cause.reason === 'unsteady' ? 'yes' : 'no'),
    unproven: true,
  },
  {
    to: 'api-identity-lease',
    kind: 'causes',
    on: 'node',
    because: 'an API server that does not run renews nothing',
    produces: ['expired'],
  },
];
