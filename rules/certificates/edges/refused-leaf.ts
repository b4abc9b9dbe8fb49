// What follows where a certificate of some role is refused by whoever verifies it?
import { allOf } from '../../../src/judge/readings/certainty.ts';
import { kubeletRefuses, ofRole, reachesEtcd } from '../../../src/judge/readings/certificate-gates.ts';
import type { Certainty, Edge, Link, Seen } from '../../../src/model/rule.ts';

type Gate = (link: Link, seen: Seen) => Certainty;

/** How an API server ends that starts without its etcd. */
const withoutEtcd = ['hung', 'refused', 'forbidden', 'closed', 'reset'];

/** Objects of their own for each rule, so that each has to be shown by a recording on its own. `also`: which of its failures refuse. */
export function effectsOfRefusal(also: Gate = () => 'yes'): readonly Edge[] {
  const when =
    (gate: Gate): Gate =>
    (link, seen) =>
      allOf(also(link, seen), gate(link, seen));
  const local = when(reachesEtcd('etcd-server', 'etcd-peer', 'apiserver-etcd-client'));
  return [
    {
      to: 'api-master-unreachable',
      kind: 'causes',
      on: 'node',
      because: 'clients that verify refuse it',
      produces: ['untrusted'],
      when: when(ofRole('apiserver')),
      unproven: true,
    },
    {
      to: 'lb-backend-down',
      kind: 'causes',
      on: 'node',
      because: 'a check that verifies takes it out',
      produces: ['tls', 'http'],
      when: when(ofRole('apiserver')),
      unproven: true,
    },
    {
      to: 'lb-check-disagrees',
      kind: 'causes',
      on: 'node',
      because: 'a check that does not verify cannot see what clients see',
      produces: ['up'],
      when: when(ofRole('apiserver')),
      unproven: true,
    },
    {
      to: 'api-lb-unreachable',
      kind: 'causes',
      on: 'cluster',
      because: 'the load balancer passes on what the API servers serve',
      produces: ['partial', 'untrusted', 'tls'],
      covers: 'all',
      match: 'apiserver',
      when: when(ofRole('apiserver')),
      unproven: true,
    },
    {
      to: 'ha-node-notready',
      kind: 'causes',
      on: 'node',
      because: 'the kubelet refuses the API server beside it',
      when: when(kubeletRefuses),
      unproven: true,
    },
    {
      to: 'le-lease-expired',
      kind: 'causes',
      on: 'cluster',
      because: 'each controller refuses the API server beside it',
      covers: 'all',
      match: 'node',
      when: when(ofRole('apiserver')),
      unproven: true,
    },
    {
      to: 'etcd-member-down',
      kind: 'causes',
      on: 'node',
      because: 'clients that verify refuse the member',
      produces: ['tls', 'untrusted'],
      when: when(ofRole('etcd-server')),
      unproven: true,
    },
    {
      to: 'etcd-member-down',
      kind: 'causes',
      on: 'node',
      because: 'a member that starts without its peers does not open its client port',
      produces: ['hung'],
      when: when(ofRole('etcd-peer')),
      unproven: true,
    },
    {
      to: 'etcd-partition',
      kind: 'causes',
      on: 'node',
      because: 'the other members refuse its connections',
      when: when(ofRole('etcd-peer')),
      unproven: true,
    },
    {
      to: 'etcd-no-leader',
      kind: 'causes',
      on: 'cluster',
      because: 'members that refuse each other cannot elect',
      covers: 'quorum',
      match: 'node',
      when: when(ofRole('etcd-peer')),
      unproven: true,
    },
    {
      to: 'api-readyz-etcd',
      kind: 'causes',
      on: 'node',
      because: 'the API server and the member beside it, its only one, refuse each other',
      when: when(reachesEtcd('etcd-server', 'apiserver-etcd-client')),
      unproven: true,
    },
    {
      to: 'api-master-unreachable',
      kind: 'causes',
      on: 'node',
      because: 'an API server that is restarted without its etcd never serves',
      produces: withoutEtcd,
      when: local,
      unproven: true,
    },
    {
      to: 'api-restart-loop',
      kind: 'causes',
      on: 'node',
      because: 'the liveness probe contains the etcd check',
      when: local,
      unproven: true,
    },
    {
      to: 'ha-node-notready',
      kind: 'causes',
      on: 'node',
      because: 'the kubelet can no longer log in',
      produces: ['notready', 'heartbeat-stale'],
      when: when(ofRole('kubelet-client')),
      unproven: true,
    },
  ];
}
