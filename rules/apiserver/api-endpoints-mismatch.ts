// Do pods that use the Service `kubernetes` get sent to this API server exactly when it serves?
import { judgeListedDoors } from './judging/listed-doors.ts';
import { planFor } from './plans/correct-advertised-address.ts';
import { defineRule, fail, notApplicable, pass, undecided } from '../../src/judge/define-rule.ts';
import { allegiancesOf } from '../../src/judge/readings/allegiance.ts';
import { commandLineOf } from '../../src/judge/readings/command-line.ts';
import { type ApiServerReading, masterOf, mastersOf, readApiServer, servesClients } from '../../src/judge/readings/api-server.ts';
import { joinAddress } from '../../src/model/address.ts';
import type { Seen } from '../../src/model/rule.ts';
import { say } from '../../src/model/sentence.ts';
import type { Master } from '../../src/model/topology.ts';
import { deadFor, readyFor } from '../../src/judge/readings/settled.ts';

export default defineRule({
  id: 'api-endpoints-mismatch',
  area: 'apiserver',
  since: '0.1.0',
  severity: 'critical',
  impact: 'degraded',
  layer: 3,
  title: 'the Service kubernetes {words} {address} ({node})',
  healthy: 'the Service kubernetes lists exactly the API servers that serve',
  why: 'Pods reach the API through this list and not through the load balancer: an operator, DNS or a CNI may fail while kubectl works.',
  shows: ['{node} {address}  {state}, {listed}; so for {proof}'],
  folded: '{state}, {listed}',
  needs: [
    'kube.endpoints',
    'api.ready',
    'kube.nodes',
    'lb.stats',
    'lb.envoy',
    'kube.node-leases',
    'kube.control-plane-pods',
    'here.files',
    'etcd.status',
    'etcd.members',
    'etcd.metrics',
  ],
  limits: {
    settled: {
      value: 30,
      unit: 's',
      source: 'k8s.io/kubernetes pkg/controlplane/instance.go: lease TTL 15 s + reconcile interval 10 s, and 5 s more',
    },
    looks: { value: 2, unit: 'looks, a second apart', source: 'own choice: what was just started opens one address after the other' },
    renewal: {
      value: 10,
      unit: 's',
      source: 'https://kubernetes.io/docs/concepts/architecture/nodes/#node-heartbeats (a lease is renewed every 10 s)',
    },
  },
  reasons: ['stale', 'missing', 'elsewhere', 'dead-address'],
  confirm: { evidence: ['api.ready'], times: 1, everyMs: 1000 },
  subjects: (seen) => mastersOf(seen).map((master) => master.subject),
  judge: (seen, limits, subject) => {
    if (seen.topology.platform.kind === 'managed') return notApplicable('the provider lists addresses of its own');
    if (new Set(allegiancesOf(seen).map((one) => one.cluster)).size > 1)
      return notApplicable('etcd is several clusters, and the list comes from one of them, which is judged elsewhere');
    const master = masterOf(seen, subject);
    const { addresses } = seen.get('kube.endpoints');
    const entries = master.doors.map(({ host, port }) => joinAddress(host, port)).filter((one) => addresses.includes(one));
    const [listed] = entries;
    const isListed = listed !== undefined;
    const reading = readApiServer(seen, master);
    const node = subject.name;
    const address = listed ?? subject.id;
    if (isListed && reading.kind !== 'silent') return judgeListedDoors(seen, master, entries, limits.looks);
    if (!isListed && !servesClients(reading)) return pass({ node, listed: 'no', note: 'it does not serve' });
    if (!isListed && !master.doors.some(({ origin }) => origin === 'listed')) {
      return undecided(
        `${address} was not listed by the cluster: ${node} may be known there by another address`,
        'kubectl get endpointslices -n default',
      );
    }
    const elsewhere = isListed ? undefined : listedAs(seen, master, addresses);
    if (elsewhere !== undefined && isOwn(reading, master, elsewhere)) return pass({ node, listed: elsewhere });
    const proof = isListed ? deadFor(seen, master, limits) : readyFor(seen, master, limits.settled * 1000);
    if (proof === undefined) {
      const short = isListed ? 'died' : 'came up';
      return undecided(`not sampled: it may have ${short} less than ${limits.settled} s ago`, 'run ha-doctor again half a minute later');
    }
    const facts = { node, address, proof };
    if (isListed)
      return fail(
        { ...facts, words: 'still sends pods to the dead', state: 'does not answer', listed: 'is listed' },
        { reason: 'stale', group: 'stale', witness: 'agreed' },
      );
    if (elsewhere !== undefined) {
      const other = {
        words: say('sends pods to {elsewhere} instead of', { elsewhere }),
        listed: say('is listed as {elsewhere}', { elsewhere }),
      };
      return fail({ ...facts, ...other, state: 'serves' }, { reason: 'elsewhere', group: 'elsewhere', witness: 'stated' });
    }
    const words = 'leaves out';
    return fail(
      { ...facts, words, state: 'serves', listed: 'is not listed' },
      { reason: 'missing', group: 'missing', severity: 'warning', impact: 'at-risk', witness: 'agreed' },
    );
  },
  explains: [
    {
      to: 'lb-backend-down',
      kind: 'causes',
      on: 'apiserver',
      because: 'the load balancer, too, is sent to the address that is dead',
      produces: ['refused', 'timeout'],
      when: ({ cause }) => (cause.reason === 'dead-address' ? 'yes' : 'no'),
      unproven: true,
    },
    {
      to: 'api-5xx-ratio',
      kind: 'hints',
      on: 'cluster',
      because: 'clients in pods that meet a dead address ask the others again',
    },
    {
      to: 'api-webhook-hazard',
      kind: 'hints',
      on: 'cluster',
      because: 'pods that serve a webhook cannot work without the API',
    },
  ],
  fixes: planFor,
  avoid: () => ['edit the list by hand: an API server writes it again within seconds'],
  reading: ['https://kubernetes.io/docs/reference/command-line-tools-reference/kube-apiserver/'],
  errors: ['dial tcp 10.96.0.1:443: i/o timeout', 'dial tcp 10.96.0.1:443: connect: connection refused'],
});

/** The entry that this API server brought about by its --advertise-address, where that is not the address it was asked at. */
function listedAs(seen: Seen<'kube.control-plane-pods'>, { subject, port }: Master, addresses: readonly string[]): string | undefined {
  const host = commandLineOf(seen, 'kube-apiserver', subject.keys.node)?.flags.get('advertise-address');
  const entry = host === undefined ? undefined : joinAddress(host, port);
  return entry !== undefined && entry !== subject.id && addresses.includes(entry) ? entry : undefined;
}

/** A second address of the machine stands in the certificate that was made for it; one that is mistyped does not. */
function isOwn(reading: ApiServerReading, { port }: Master, entry: string): boolean {
  if (reading.kind === 'silent') return false;
  return reading.leaf?.addresses.some((address) => joinAddress(address, port) === entry) === true;
}
