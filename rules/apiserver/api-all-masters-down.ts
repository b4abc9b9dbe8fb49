// Is at least one API server ready?
import { say, type Text } from '../../src/model/sentence.ts';
import { defineRule, fail, pass, undecided } from '../../src/judge/define-rule.ts';
import { planToStartAny } from '../../src/judge/plans/start-api-server.ts';
import { type ApiServerReading, checkThatAllFail, mastersOf, readApiServer, servesClients } from '../../src/judge/readings/api-server.ts';
import { mastersShowThrough, readEntry } from '../../src/judge/readings/entry.ts';
import { ourPathIsOpen } from '../../src/judge/readings/host.ts';
import { clusterSubject } from '../../src/model/subject.ts';
import type { Seen } from '../../src/model/rule.ts';
import { planToMendCheck, reasonOfChecks } from './plans/mend-check.ts';
import type { Master } from '../../src/model/topology.ts';

type Needs =
  | 'api.ready'
  | 'kube.nodes'
  | 'operator.kubeconfig'
  | 'lb.tries'
  | 'lb.credential'
  | 'etcd.client-port'
  | 'node.kubelet-port'
  | 'lb.stats'
  | 'lb.envoy';

export default defineRule({
  id: 'api-all-masters-down',
  area: 'apiserver',
  since: '0.1.0',
  severity: 'critical',
  impact: 'outage',
  layer: 3,
  title: 'no API server is ready: 0 of {known}',
  healthy: 'at least one API server is ready',
  why: 'Nothing can be read or changed through the API. Running Pods keep running; nothing is scheduled, healed or scaled.',
  shows: ['each masters: {name} {address}  {words}'],
  folded: '0 of {known} ready',
  needs: [
    'api.ready',
    'kube.nodes',
    'operator.kubeconfig',
    'lb.tries',
    'lb.credential',
    'etcd.client-port',
    'node.kubelet-port',
    'lb.stats',
    'lb.envoy',
  ],
  limits: {
    lost: { value: 1, unit: 'tries', source: 'as in api-lb-unreachable; here only whether any try was served counts' },
  },
  reasons: [],
  subjects: () => [clusterSubject],
  judge: (seen, limits) => {
    const masters = mastersOf(seen);
    const ready = seen.tally(masters, (master) => isReady(readApiServer(seen, master)));
    const known = masters.length;
    if (ready.yes.length > 0) return pass({ ready: ready.yes.length, known });
    const entry = entryServes(seen, limits.lost);
    if (entry === 'yes') return pass({ known, note: 'none is ready for us directly, one is through the load balancer' });
    if (ready.unknown.length > 0) {
      return undecided(`${ready.unknown.length} of ${known} API servers could not be asked`, '--masters <host:port,…>');
    }
    if (!seen.topology.mastersComplete && entry === 'unknown') {
      return undecided('there may be API servers whose address is not known', '--masters <host:port,…>');
    }
    const [first] = masters;
    if (first !== undefined && pathMayBeOurs(seen, masters, entry)) {
      return undecided(
        'nothing on the way to the API answers us: our own path may be blocked',
        `nc -zvw2 ${first.host} ${first.port}   # from a host beside it`,
      );
    }
    const rows = masters.map((master) => ({
      name: master.subject.name,
      address: master.subject.id,
      words: wordsFor(readApiServer(seen, master)),
    }));
    const stated = masters.some((master) => readApiServer(seen, master).kind !== 'silent');
    const supports = masters.map(({ subject }) => ({ name: subject.name, keys: subject.keys, state: 'lost' as const }));
    return fail({ known, masters: rows }, { supports, witness: stated ? 'stated' : entry === 'no' ? 'agreed' : 'measured' });
  },
  explains: [
    {
      to: 'vip-no-holder',
      kind: 'causes',
      on: 'cluster',
      because: 'a check that asks an API server fails on every load balancer, and kube-vip cannot renew its lease',
      produces: ['faulty', 'lease-stale'],
      unproven: true,
    },
    {
      to: 'api-master-unreachable',
      kind: 'made-of',
      on: 'cluster',
      because: 'all of them are down when each of them is',
      covers: 'all',
      match: 'apiserver',
    },
    {
      to: 'api-readyz-etcd',
      kind: 'made-of',
      on: 'cluster',
      because: 'an API server without its etcd is not ready',
      covers: 'all',
      match: 'apiserver',
    },
    {
      to: 'api-readyz-check',
      kind: 'made-of',
      on: 'cluster',
      because: 'an API server with a failing readiness check is not ready',
      covers: 'all',
      match: 'apiserver',
      unproven: true,
    },
    {
      to: 'api-lb-unreachable',
      kind: 'causes',
      on: 'cluster',
      because: 'a load balancer can only pass on what some API server answers',
      when: ({ effect }, seen) => mastersShowThrough(seen, effect.reason),
    },
    { to: 'lb-no-backend-up', kind: 'causes', on: 'cluster', because: 'the check of every server behind the balancer fails' },
    { to: 'le-lease-expired', kind: 'causes', on: 'cluster', because: 'a lease is renewed through an API server', unproven: true },
    { to: 'ha-node-notready', kind: 'causes', on: 'cluster', because: 'a node reports through an API server', unproven: true },
    {
      to: 'api-endpoints-mismatch',
      kind: 'causes',
      on: 'cluster',
      because: 'the last API server that died takes nobody off the list',
      produces: ['stale'],
      unproven: true,
    },
  ],
  fixes: (_cause, seen) => {
    const [first] = seen.topology.masters;
    if (first === undefined) return [];
    const { name, id } = first.subject;
    // What runs and fails one check is not started anew, and the data of etcd have nothing to do with it.
    const failing = checkThatAllFail(seen);
    return failing === undefined ? planToStartAny(seen, name, id) : planToMendCheck(seen, name, id, reasonOfChecks([failing]));
  },
  avoid: () => ['restore etcd while its data directories may be intact'],
  reading: ['https://kubernetes.io/docs/tasks/debug/debug-cluster/'],
  errors: ['The connection to the server was refused', 'Unable to connect to the server: EOF'],
});

/** An API server that wants a login even for /readyz has not said that it is not ready. */
function isReady(reading: ApiServerReading): boolean {
  return servesClients(reading) || (reading.kind === 'anonymous-refused' && reading.trust.kind !== 'untrusted');
}

function entryServes(seen: Seen<Needs>, lost: number): 'yes' | 'no' | 'unknown' {
  const serves = seen.attempt(() => {
    const reading = readEntry(seen, lost);
    if (reading.kind === 'unclear') seen.get('lb.credential');
    return reading.kind === 'serves' || reading.kind === 'partial' ? 'yes' : 'no';
  });
  return serves ?? 'unknown';
}

/** Silence everywhere, without one refusal, may be a firewall between us and all of them. */
function pathMayBeOurs(seen: Seen<Needs>, masters: readonly Master[], entry: 'no' | 'unknown'): boolean {
  const unheard = masters.every((master) => {
    const reading = readApiServer(seen, master);
    return reading.kind === 'silent' && (reading.why === 'timeout' || reading.why === 'unreachable');
  });
  if (!unheard) return false;
  const tries = entry === 'unknown' ? [] : seen.get('lb.tries').tries;
  if (!seen.topology.entryIsMaster && tries.some((one) => one.connected)) return false;
  return (
    ourPathIsOpen(
      seen,
      seen.topology.machines.filter((machine) => machine.controlPlane),
    ) !== 'yes'
  );
}

function wordsFor(reading: ApiServerReading): Text {
  if (reading.kind === 'silent') return reading.detail === '' ? reading.why : reading.detail;
  if (reading.trust.kind === 'untrusted') return say('answers /readyz {status}, no client trusts it', { status: reading.status });
  return reading.failing.length === 0 ? `/readyz ${reading.status}` : `/readyz ${reading.status}: [-]${reading.failing.join(' [-]')}`;
}
