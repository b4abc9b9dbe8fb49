// Does this master's API server give clients an answer they can use?
import { joinAddress } from '../../src/model/address.ts';
import { say } from '../../src/model/sentence.ts';
import { defineRule, fail, pass, undecided } from '../../src/judge/define-rule.ts';
import { anotherServes, fewerLeft, mastersOf, readApiServer, servesClients } from '../../src/judge/readings/api-server.ts';
import { planToFindLoad, planToFindWait } from '../../src/judge/plans/hasten-api-server.ts';
import { planToStartApiServer } from '../../src/judge/plans/start-api-server.ts';
import { balancerDoubts } from '../../src/judge/readings/balancer-check.ts';
import { unprovenDoors } from '../../src/judge/readings/other-doors.ts';
import { entryMet, onlyOurPath, servedThroughEntry } from '../../src/judge/readings/entry.ts';
import { othersHaveLost } from '../../src/judge/readings/host.ts';
import { effectsOfLostMaster } from './edges/lost-master.ts';
import { reasonOf, reasons, wordsFor } from './judging/master-words.ts';
import { judgeServing } from './judging/serving-master.ts';
import { judgeUnproven, withSilentDoors } from './judging/silent-doors.ts';

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
  explains: effectsOfLostMaster,
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
