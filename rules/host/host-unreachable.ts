// Does this control-plane machine answer on any port?
import { pingFullSize } from '../../src/judge/plans/ping-full-size.ts';
import { joinAddress } from '../../src/model/address.ts';
import { shellWord } from '../../src/judge/shell-word.ts';
import type { Fix, Seen } from '../../src/model/rule.ts';
import { joinTexts, say } from '../../src/model/sentence.ts';
import { defineRule, fail, notApplicable, pass, suspected, undecided } from '../../src/judge/define-rule.ts';
import { checkedReasons } from '../../src/judge/readings/backend.ts';
import { entryMet } from '../../src/judge/readings/entry.ts';
import { onlyTheEntryAnswers, otherViews, readDoors } from '../../src/judge/readings/host.ts';

export default defineRule({
  id: 'host-unreachable',
  area: 'host',
  since: '0.1.0',
  severity: 'critical',
  impact: 'degraded',
  layer: 0,
  title: 'the machine {node} ({host}) {silence}',
  healthy: 'every control-plane machine answers on some port',
  why: 'Its API server, its etcd member and its Pods are gone together; a second machine less may cost etcd its quorum.',
  shows: ['each doors: {node} {address}  {service}: {words}', 'Not only for us: {agreed}.'],
  folded: '{ports} silent',
  needs: [
    'api.ready',
    'etcd.client-port',
    'node.kubelet-port',
    'lb.stats',
    'lb.envoy',
    'lb.tries',
    'kube.nodes',
    'kube.node-leases',
    'etcd.metrics',
  ],
  limits: {
    silent: { value: 2, unit: 'services', source: 'own choice: one silent port may be one stuck process or one firewall rule' },
    tries: {
      value: 5,
      unit: 'tries without an answer',
      source: 'own choice: as many as one look at all three services makes; where a third of all packets is lost, two in a row are common',
    },
    lease: {
      value: 40,
      unit: 's',
      source:
        'https://kubernetes.io/docs/reference/node/node-status/ (a node lease lasts 40 s); recording: stale 28-40 s after the host went',
    },
  },
  reasons: ['timeout', 'hung'],
  confirm: { evidence: ['api.ready', 'etcd.client-port', 'node.kubelet-port'], times: 2, everyMs: 1000 },
  subjects: (seen) => seen.topology.machines.filter((machine) => machine.controlPlane).map((machine) => machine.subject),
  judge: (seen, limits, subject) => {
    const machine = seen.topology.machines.find((one) => one.subject.id === subject.id);
    if (machine === undefined) return notApplicable('it is no longer listed');
    const doors = readDoors(seen, machine);
    const node = subject.name;
    const host = machine.host ?? node;
    if (doors.alive.length > 0) return pass({ node, alive: doors.alive.map((door) => door.port).join(', ') });
    const knock = `for p in 6443 2379 10250; do nc -zvw2 ${host} $p; done   # from a host beside it`;
    if (doors.gone.length < limits.silent) {
      return undecided(
        `${doors.gone.length} of ${doors.gone.length + doors.unknown.length} services on ${node} were asked, and none answers`,
        knock,
      );
    }
    if (onlyTheEntryAnswers(seen))
      return undecided('no control-plane machine answers us directly while the load balancer serves: our own path may be blocked', knock);
    const reason = doors.gone.some((door) => door.hung) ? 'hung' : 'timeout';
    const views = otherViews(seen, machine, limits.lease * 1000);
    // A check that resumes its TLS session needs small packets only, and goes on where every new client is left hanging.
    const hangs = reason === 'hung' && entryMet(seen, 'hung') && someServed(seen);
    const gone = hangs ? [...views.gone, say('connections through the load balancer hang as well')] : views.gone;
    if (views.alive.length > 0 && !hangs)
      return undecided(`${node} is silent to us, but ${views.alive.join('; ')}: our own path may be blocked`, knock);
    if (gone.length === 0)
      return undecided(`${node} is silent to us, and nobody else says that it is gone: our own path may be blocked`, knock);
    const tries = doors.gone.reduce((sum, door) => sum + door.tries, 0);
    if (tries < limits.tries) return suspected(`${node} left ${tries} tries without an answer: packets may have been lost`);
    const rows = doors.gone.map((door) => ({
      service: door.service,
      port: door.port,
      address: joinAddress(host, door.port),
      words: door.words,
    }));
    const ports = rows.map((row) => row.port).join(', ');
    return fail(
      { node, host, silence: silences[reason], doors: rows, ports, agreed: joinTexts(gone, '; ') },
      { reason, witness: 'agreed' },
    );
  },
  explains: [
    {
      to: 'api-master-unreachable',
      kind: 'made-of',
      on: 'node',
      because: 'its API server is one of the services that went with it',
      produces: ['timeout', 'unreachable', 'hung', 'slow', 'unsteady'],
    },
    {
      to: 'etcd-member-down',
      kind: 'made-of',
      on: 'node',
      because: 'its etcd member is one of the services that went with it',
      produces: ['timeout', 'unreachable', 'hung'],
    },
    { to: 'ha-node-notready', kind: 'causes', on: 'node', because: 'its kubelet went with it' },
    { to: 'le-holder-node-notready', kind: 'causes', on: 'node', because: 'the leader was on it', unproven: true },
    { to: 'lb-backend-down', kind: 'causes', on: 'node', because: 'the check cannot connect any more', produces: checkedReasons },
    { to: 'lb-check-disagrees', kind: 'causes', on: 'node', because: 'the check has not noticed yet', produces: ['up'], unproven: true },
    { to: 'le-component-unhealthy', kind: 'causes', on: 'node', because: 'controller-manager and scheduler went with it', unproven: true },
    {
      to: 'api-endpoints-mismatch',
      kind: 'causes',
      on: 'node',
      because: 'its address stays listed until its lease in etcd ends',
      produces: ['stale'],
      unproven: true,
    },
    { to: 'etcd-no-fault-margin', kind: 'causes', on: 'cluster', because: 'a voter went with it', covers: 'all', match: 'node' },
    {
      to: 'etcd-leader-changes',
      kind: 'causes',
      on: 'cluster',
      because: 'the others elect a leader when it held the lead',
      covers: 'any',
      match: 'node',
      unproven: true,
    },
    {
      to: 'le-lease-expired',
      kind: 'causes',
      on: 'cluster',
      because: 'every candidate went with its machine',
      covers: 'every',
      match: 'node',
      unproven: true,
    },
    {
      to: 'api-lb-unreachable',
      kind: 'causes',
      on: 'cluster',
      because: 'the load balancer still sends it a share of the clients',
      produces: ['partial'],
      covers: 'all',
      match: 'node',
    },
  ],
  fixes: ({ facts, verdicts }) => {
    const node = String(facts['node']);
    const host = shellWord(String(facts['host']));
    const hung = verdicts.some((verdict) => verdict.reason === 'hung');
    return [
      ...(hung ? [largePackets(String(facts['host']))] : []),
      {
        do: 'See whether a neighbour reaches it, and what the cluster last heard of it',
        where: 'here',
        run: [
          `for p in 22 6443 2379 10250; do nc -zvw2 ${host} $p; done   # from a host beside it`,
          `kubectl get node ${shellWord(node)} -o wide`,
        ],
        risk: 'none',
        needs: [],
        verify: [],
      },
      {
        do: 'Look at the machine itself before touching etcd: power, console, network card, hypervisor',
        where: 'here',
        run: [`ssh ${host} uptime`],
        risk: 'none',
        needs: [],
        verify: [
          `curl -sk ${shellWord(`https://${joinAddress(String(facts['host']), 6443)}/readyz`)}`,
          `kubectl get node ${shellWord(node)}`,
        ],
      },
    ];
  },
  avoid: ({ facts }) => [
    say('delete the node or replace its etcd member while {node} may come back', { node: String(facts['node']) }),
    'take down another control-plane machine',
  ],
  reading: ['https://kubernetes.io/docs/concepts/architecture/nodes/#node-heartbeats'],
  errors: ['Kubelet stopped posting node status', 'dial tcp: i/o timeout', 'no route to host', 'net/http: TLS handshake timeout'],
});

/** A load balancer that leaves everybody hanging says nothing about one machine. */
function someServed(seen: Seen<'lb.tries'>): boolean {
  const tries = seen.peek('lb.tries');
  return tries?.state === 'known' && tries.value.tries.some((one) => one.outcome.kind === 'answered');
}

const silences = {
  timeout: say('answers on no port'),
  hung: say('accepts connections and answers none of them'),
};

/** A certificate needs more than one packet of full size; a connection is made with small ones. */
function largePackets(host: string): Fix {
  return {
    do: 'See whether only small packets arrive there: then a link, a tunnel or a card on the way has a smaller MTU',
    where: 'here',
    run: [`${pingFullSize(host)}; ping -c 3 -W 2 -s 56 ${shellWord(host)}   # from a host beside it`],
    risk: 'none',
    needs: [],
    verify: [],
  };
}
