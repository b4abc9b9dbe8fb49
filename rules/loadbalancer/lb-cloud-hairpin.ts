// Can a master reach itself through the load balancer?
import { defineRule, fail, pass, undecided } from '../../src/judge/define-rule.ts';
import { readApiServer, servesClients } from '../../src/judge/readings/api-server.ts';
import { entryOf, ownerOfLeaf } from '../../src/judge/readings/entry.ts';
import { kubeletUsesOwnApiServer } from '../../src/judge/readings/wiring.ts';
import { shellWord } from '../../src/judge/shell-word.ts';
import type { Seen } from '../../src/model/rule.ts';
import type { Master } from '../../src/model/topology.ts';

export default defineRule({
  id: 'lb-cloud-hairpin',
  area: 'loadbalancer',
  since: '0.1.0',
  severity: 'warning',
  impact: 'degraded',
  layer: 4,
  final: true,
  title: 'from {node} the load balancer never leads back to {node}: {lost} of {all} connections time out',
  healthy: 'a master reaches itself through the load balancer as it reaches the others',
  why: 'Kubelet and controllers on {node} lose every connection that the balancer would send back to them; it looks like lost packets.',
  shows: ['{address}  {lost} of {all} connections from {node} timed out', 'answered by {met}; {node} serves directly and was never met'],
  folded: 'from {node} {lost} of {all} connections to {address} time out',
  needs: ['operator.kubeconfig', 'here.files', 'lb.tries', 'api.ready', 'kube.nodes'],
  limits: {
    lost: { value: 10, unit: '% of connections', source: 'own choice; with three masters a third of them is lost' },
    least: { value: 2, unit: 'connections', source: 'own choice: a single one may be a lost packet' },
  },
  reasons: [],
  subjects: (seen) => {
    if (seen.topology.entryIsMaster) return [];
    const { node } = seen.get('here.files');
    const own = seen.topology.masters.find((master) => master.subject.keys.node === node);
    return own === undefined
      ? []
      : [{ kind: 'node' as const, id: node, name: node, keys: { ...own.subject.keys, lb: entryOf(seen).subject.id } }];
  },
  judge: (seen, limits, subject) => {
    const own = seen.topology.masters.find((master) => master.subject.keys.node === subject.keys.node);
    const address = entryOf(seen).subject.id;
    if (own === undefined) return undecided(`${subject.name} is no master any more`, '--masters <host:port,…>');
    const { tries } = seen.get('lb.tries');
    const lost = tries.filter((one) => one.outcome.kind === 'failed' && one.outcome.why === 'timeout' && !one.connected);
    const met = tries.flatMap((one) => (one.chain[0] === undefined ? [] : (ownerOfLeaf(seen, one.chain[0]) ?? [])));
    if (met.includes(own) || lost.length < limits.least || (100 * lost.length) / tries.length < limits.lost)
      return pass({ node: subject.name, all: tries.length });
    const silent = seen.topology.masters.filter((master) => !servesClients(readApiServer(seen, master)));
    if (silent.length > 0) return pass({ node: subject.name, note: 'API servers that do not serve explain it' });
    if (met.length === 0)
      return undecided('no connection through the load balancer came to anything', `curl -sk ${shellWord(`https://${address}/livez`)}`);
    const names = [...new Set(met.map((master: Master) => master.subject.name))].sort().join(', ');
    return fail({ node: subject.name, address, lost: lost.length, all: tries.length, met: names }, { witness: 'measured' });
  },
  explains: [
    {
      to: 'ha-node-notready',
      kind: 'causes',
      on: 'node',
      because: 'its kubelet reports through the load balancer',
      when: ({ effect }, seen: Seen) => {
        const own = kubeletUsesOwnApiServer(seen, effect.subject.keys.node);
        return own === 'unknown' ? 'unknown' : own === 'yes' ? 'no' : 'yes';
      },
      unproven: true,
    },
    {
      to: 'le-flapping',
      kind: 'causes',
      on: 'cluster',
      because: 'a leader there that uses the load balancer loses its connections',
      covers: 'any',
      match: 'node',
      unproven: true,
    },
    {
      to: 'api-lb-unreachable',
      kind: 'causes',
      on: 'lb',
      because: 'seen from this master, its own share of the connections is lost',
      produces: ['partial', 'timeout'],
      unproven: true,
    },
  ],
  fixes: ({ facts }) => {
    const address = String(facts['address']);
    return [
      {
        do: 'See it again from there, and from a machine that is no master',
        where: String(facts['node']),
        run: [`for i in $(seq 30); do curl -sk -m 3 -o /dev/null -w '%{http_code} ' ${shellWord(`https://${address}/livez`)}; done`],
        risk: 'none',
        needs: [],
        verify: [],
      },
      {
        do: 'Switch off client address preservation, or use targets by address; or let kubelet and controllers use the API server beside them (ControlPlaneKubeletLocalMode)',
        where: 'lb',
        run: [],
        risk: 'medium',
        needs: [{ text: 'nothing behind it needs the clients’ addresses', met: 'unknown' }],
        verify: [`for i in $(seq 30); do curl -sk -m 3 -o /dev/null -w '%{http_code} ' ${shellWord(`https://${address}/livez`)}; done`],
      },
    ];
  },
  avoid: () => [],
  reading: [
    'https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-troubleshooting.html',
    'https://learn.microsoft.com/en-us/azure/load-balancer/load-balancer-troubleshoot-backend-traffic',
  ],
});
