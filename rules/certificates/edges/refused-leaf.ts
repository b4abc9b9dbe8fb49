// What follows where a certificate of some role is refused by whoever verifies it?
import { allOf } from '../../../src/judge/readings/certainty.ts';
import { kubeletRefuses, ofRole, reachesEtcd } from '../../../src/judge/readings/certificate-gates.ts';
import type { Certainty, Edge, Link, Seen } from '../../../src/model/rule.ts';

type Gate = (link: Link, seen: Seen) => Certainty;

/** How an API server ends that starts without its etcd. */
const withoutEtcd = ['hung', 'refused', 'forbidden', 'closed', 'reset'];

const reachingEtcd = reachesEtcd('etcd-server', 'etcd-peer', 'apiserver-etcd-client');

const effects = {
  clients: {
    to: 'api-master-unreachable',
    kind: 'causes',
    on: 'node',
    because: 'clients that verify refuse it',
    produces: ['untrusted'],
    when: ofRole('apiserver'),
  },
  'balancer check': {
    to: 'lb-backend-down',
    kind: 'causes',
    on: 'node',
    because: 'a check that verifies takes it out',
    produces: ['tls', 'http'],
    when: ofRole('apiserver'),
  },
  'shallow check': {
    to: 'lb-check-disagrees',
    kind: 'causes',
    on: 'node',
    because: 'a check that does not verify cannot see what clients see',
    produces: ['up'],
    when: ofRole('apiserver'),
  },
  entry: {
    to: 'api-lb-unreachable',
    kind: 'causes',
    on: 'cluster',
    because: 'the load balancer passes on what the API servers serve',
    produces: ['partial', 'untrusted', 'tls'],
    covers: 'all',
    match: 'apiserver',
    when: ofRole('apiserver'),
  },
  'kubelet beside': {
    to: 'ha-node-notready',
    kind: 'causes',
    on: 'node',
    because: 'the kubelet refuses the API server beside it',
    when: kubeletRefuses,
  },
  leases: {
    to: 'le-lease-expired',
    kind: 'causes',
    on: 'cluster',
    because: 'each controller refuses the API server beside it',
    covers: 'every',
    match: 'node',
    when: ofRole('apiserver'),
  },
  'etcd clients': {
    to: 'etcd-member-down',
    kind: 'causes',
    on: 'node',
    because: 'clients that verify refuse the member',
    produces: ['tls', 'untrusted'],
    when: ofRole('etcd-server'),
  },
  'member without peers': {
    to: 'etcd-member-down',
    kind: 'causes',
    on: 'node',
    because: 'a member that starts without its peers does not open its client port',
    produces: ['hung'],
    when: ofRole('etcd-peer'),
  },
  peers: {
    to: 'etcd-partition',
    kind: 'causes',
    on: 'node',
    because: 'the other members refuse its connections',
    when: ofRole('etcd-peer'),
  },
  election: {
    to: 'etcd-no-leader',
    kind: 'causes',
    on: 'cluster',
    because: 'members that refuse each other cannot elect',
    covers: 'quorum',
    match: 'node',
    when: ofRole('etcd-peer'),
  },
  readiness: {
    to: 'api-readyz-etcd',
    kind: 'causes',
    on: 'node',
    because: 'the API server and the member beside it, its only one, refuse each other',
    when: reachesEtcd('etcd-server', 'apiserver-etcd-client'),
  },
  'API server without etcd': {
    to: 'api-master-unreachable',
    kind: 'causes',
    on: 'node',
    because: 'an API server that is restarted without its etcd never serves',
    produces: withoutEtcd,
    when: reachingEtcd,
  },
  restarts: {
    to: 'api-restart-loop',
    kind: 'causes',
    on: 'node',
    because: 'the liveness probe contains the etcd check',
    when: reachingEtcd,
  },
  'kubelet login': {
    to: 'ha-node-notready',
    kind: 'causes',
    on: 'node',
    because: 'the kubelet can no longer log in',
    produces: ['notready', 'heartbeat-stale'],
    when: ofRole('kubelet-client'),
  },
} satisfies Record<string, Edge & { readonly when: Gate }>;

export type Effect = keyof typeof effects;

export interface Refusal {
  /** Which of them this rule can bring about; absent means all. */
  readonly only?: readonly Effect[];
  /** Those that a recording shows for this rule. */
  readonly shown?: readonly Effect[];
  /** Which of its failures make others refuse. */
  readonly when?: Gate;
}

/** Edges of this rule's own: what a recording shows of one rule it does not show of another. */
export function effectsOfRefusal({ only = Object.keys(effects) as Effect[], shown = [], when }: Refusal = {}): readonly Edge[] {
  return only.map((name) => {
    const effect = effects[name];
    const gate: Gate = when === undefined ? effect.when : (link, seen) => allOf(when(link, seen), effect.when(link, seen));
    return { ...effect, when: gate, ...(!shown.includes(name) && { unproven: true }) };
  });
}
