// Does this master's API server give clients an answer they can use?
import { joinAddress } from '../../src/model/address.ts';
import { say, type Text } from '../../src/model/sentence.ts';
import { defineRule, fail, pass, suspected, undecided } from '../../src/judge/define-rule.ts';
import {
  type AnsweringApiServer,
  type ApiServerReading,
  anotherServes,
  fewerLeft,
  mastersOf,
  readApiServer,
  servesClients,
} from '../../src/judge/readings/api-server.ts';
import { planToFindLoad, planToFindWait } from '../../src/judge/plans/hasten-api-server.ts';
import { planToStartApiServer } from '../../src/judge/plans/start-api-server.ts';
import { checkedReasons } from '../../src/judge/readings/backend.ts';
import { balancerDoubts } from '../../src/judge/readings/balancer-check.ts';
import { silentDoorOf, unprovenDoors } from '../../src/judge/readings/other-doors.ts';
import { waitedInVain } from '../../src/judge/readings/logins.ts';
import { isSlow, steadinessOf } from '../../src/judge/readings/steadiness.ts';
import { entryMet, onlyOurPath, servedThroughEntry } from '../../src/judge/readings/entry.ts';
import { kubeletIsSilent, othersHaveLost } from '../../src/judge/readings/host.ts';
import { kubeletUsesOwnApiServer } from '../../src/judge/readings/wiring.ts';
import type { Master } from '../../src/model/topology.ts';
import type { Seen } from '../../src/model/rule.ts';
import type { Subject } from '../../src/model/subject.ts';
import { describeDuration } from '../../src/model/time.ts';

const reasons = [
  'refused',
  'timeout',
  'hung',
  'closed',
  'reset',
  'tls',
  'untrusted',
  'forbidden',
  'protocol',
  'dns',
  'unreachable',
  'slow',
  'unsteady',
] as const;

type ServingLimits = Readonly<Record<'slow' | 'lead' | 'looks' | 'missed', number>>;

/** Endings that something between us and the server can bring about while others reach it. */
const madeByFirewalls: readonly string[] = ['timeout', 'unreachable', 'refused', 'reset'];

export default defineRule({
  id: 'api-master-unreachable',
  area: 'apiserver',
  since: '0.1.0',
  severity: 'warning',
  impact: 'degraded',
  layer: 3,
  title: 'the API server on {node} is {state}: {words}',
  healthy: 'every API server answers on its own address and is trusted',
  why: 'Clients that reach {node} fail and must retry elsewhere; what runs on {node} and talks to it stands still.',
  shows: ['{node} {address}  {words}{count}'],
  folded: '{words}',
  needs: [
    'api.ready',
    'api.credential',
    'kube.nodes',
    'kube.node-leases',
    'kube.control-plane-pods',
    'lb.tries',
    'lb.stats',
    'lb.envoy',
    'node.kubelet-port',
    'etcd.client-port',
    'etcd.metrics',
  ],
  limits: {
    slow: {
      value: 1000,
      unit: 'milliseconds',
      source: 'HAProxy httpchk and kubectl’s TLS handshake wait a few seconds at most; a healthy /readyz takes some milliseconds (lab)',
    },
    lead: {
      value: 4,
      unit: 'times as quick',
      source: 'own choice: another API server that is, shows that it is neither our path nor our machine',
    },
    looks: { value: 3, unit: 'looks, a second apart', source: 'convention: what starts or recovers just then misses one' },
    missed: {
      value: 2,
      unit: 'of these looks with a try that was not served',
      source: 'catalogue: a check has failed in two of three probes',
    },
    live: { value: 2, unit: 'API servers', source: 'own choice: with fewer left the next fault is an outage' },
  },
  reasons,
  subjects: (seen) => [...mastersOf(seen), ...unprovenDoors(seen)].map((master) => master.subject),
  confirm: { evidence: ['api.ready'], times: 2, everyMs: 1000 },
  judge: (seen, limits, subject) => {
    const master = mastersOf(seen).find((one) => one.subject.id === subject.id);
    if (master === undefined) return judgeUnproven(seen, subject);
    const reading = readApiServer(seen, master);
    const address = joinAddress(master.host, master.port);
    if (reading.kind === 'ready' && servesClients(reading))
      return withSilentDoors(seen, master, judgeServing(seen, master, reading, limits));
    if (reading.kind === 'not-ready' || reading.kind === 'anonymous-refused')
      return withSilentDoors(seen, master, pass({ node: subject.name, note: 'it answers' }));
    const command = `nc -zvw2 ${master.host} ${master.port}   # from a host beside it`;
    if (reading.kind === 'silent' && madeByFirewalls.includes(reading.why) && servedThroughEntry(seen, master)) {
      return undecided('it is silent to us and served a client through the load balancer meanwhile: our own path may be blocked', command);
    }
    if (reading.kind === 'silent' && reading.why === 'timeout' && onlyOurPath(seen, master)) {
      return undecided('every API server is silent to us while the load balancer serves: our own path may be blocked', command);
    }
    const traceless = reading.kind === 'silent' && (reading.why === 'timeout' || reading.why === 'unreachable');
    const lost = traceless && othersHaveLost(seen, master.subject.keys.node);
    const agreed = lost || (reading.kind === 'silent' && (balancerDoubts(seen, master) || entryMet(seen, reading.why)));
    if (traceless && !agreed && seen.peek('lb.tries')?.state !== 'known')
      return undecided('it is silent to us, and nobody else could be asked about it: our own path may be blocked', command);
    const count = say(', {tries} of {tries} tries', { tries: reading.tries });
    const facts = { node: subject.name, address, state: 'unusable', words: wordsFor(reading), count };
    const witness = reading.kind !== 'silent' ? 'stated' : agreed ? 'agreed' : 'measured';
    return fail(facts, { reason: reasonOf(reading), witness, severity: fewerLeft(seen, master, limits.live) ? 'critical' : 'warning' });
  },
  explains: [
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
      because: 'the kubelet on a kubeadm master reports to the API server beside it',
      when: ({ effect }, seen) =>
        kubeletIsSilent(seen, effect.subject.keys.node) ? 'no' : kubeletUsesOwnApiServer(seen, effect.subject.keys.node),
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
  ],
  fixes: ({ facts }, seen) => {
    const [node, address] = [String(facts['node']), String(facts['address'])];
    if (facts['state'] === 'slow' || facts['state'] === 'unsteady') return [planToFindLoad(seen, node)];
    if (facts['state'] === 'stuck') return [planToFindWait(seen, node, address)];
    return planToStartApiServer(seen, node, address, anotherServes(seen, node));
  },
  avoid: () => [],
  reading: ['https://kubernetes.io/docs/reference/using-api/health-checks/'],
  errors: ['connection refused', 'net/http: TLS handshake timeout'],
});

/** It calls itself ready: does it answer in time, those who log in too, and at every try? */
function judgeServing(seen: Seen<'api.ready' | 'api.credential'>, master: Master, reading: AnsweringApiServer, limits: ServingLimits) {
  const { name } = master.subject;
  const failing = (reason: 'slow' | 'unsteady', state: string, words: Text) =>
    fail({ node: name, address: joinAddress(master.host, master.port), state, words, count: '' }, { reason, witness: 'measured' });
  if (isSlow(seen, master, reading, limits)) {
    const { late, tries, quickest } = reading;
    const time = describeDuration(quickest);
    return failing('slow', 'slow', say('{late} of {tries} tries got no answer in time, the quickest took {time}', { late, tries, time }));
  }
  const waited = waitedInVain(seen, master, limits.lead);
  if (waited !== undefined) {
    const time = describeDuration(waited);
    return failing('slow', 'stuck', say('says that it is ready, and leaves who logs in without an answer for {time}', { time }));
  }
  const { looks, missed, tries, unserved } = steadinessOf(seen, master);
  // Of tries that began before the one that was served some may have failed: then it is looked at again, a second later.
  if (missed > 0 && looks < limits.looks) return suspected(`${name} served one of ${tries} tries only after others had failed`);
  if (missed < limits.missed) return pass({ node: name });
  const words = say('{count} of {tries} tries in {looks} looks were not served, the others were', { count: unserved, tries, looks });
  return failing('unsteady', 'unsteady', words);
}

/** No more than a note: nothing shows that a machine of this cluster was meant to answer there. */
function judgeUnproven(seen: Seen<'api.ready'>, subject: Subject) {
  const door = unprovenDoors(seen).find((one) => one.subject.id === subject.id);
  if (door === undefined) return undecided(`${subject.name} is no longer known`, '--masters');
  return noteOf(readApiServer(seen, door), subject.id, subject.id, 'the cluster lists no machine by this address');
}

/** A master that serves at one of its addresses is alive; silence at another that only the user named is a note. */
function withSilentDoors<J extends { readonly status: string }>(seen: Seen<'api.ready'>, master: Master, judged: J) {
  const silent = judged.status === 'pass' ? silentDoorOf(seen, master) : undefined;
  if (silent === undefined) return judged;
  return noteOf(silent.reading, master.subject.name, silent.address, say('it answers at {address}', { address: master.subject.id }));
}

function noteOf(reading: ApiServerReading, node: string, address: string, but: Text) {
  const words = say('{words}; {but}', { words: wordsFor(reading), but });
  const facts = { node, address, state: say('silent at {address}', { address }), words, count: '' };
  return fail(facts, { reason: reasonOf(reading), severity: 'info', impact: 'at-risk', witness: 'measured' });
}

function reasonOf(reading: ApiServerReading): (typeof reasons)[number] {
  if (reading.kind === 'silent') return reading.why;
  return reading.kind === 'forbidden' ? 'forbidden' : 'untrusted';
}

function wordsFor(reading: ApiServerReading): Text {
  if (reading.kind === 'forbidden') return '403 to everybody, /readyz included';
  if (reading.kind !== 'silent') return say('answers /readyz {status}, no client trusts it', { status: reading.status });
  const words = { refused: 'connection refused', timeout: 'no answer to a connection', hung: 'accepts a connection, then says nothing' };
  return words[reading.why as 'refused'] ?? reading.detail;
}
