// Does the load balancer have any API server to send clients to?
import { shellWord } from '../../src/judge/shell-word.ts';
import { say } from '../../src/model/sentence.ts';
import { defineRule, fail, pass, undecided } from '../../src/judge/define-rule.ts';
import { showServers, takeConfig } from '../../src/judge/plans/ask-balancer.ts';
import { readApiServer, servesClients } from '../../src/judge/readings/api-server.ts';
import { addressOf, backendsOf, getsClients, isEnvoy, noBalancer, summariesOf, wordsOf } from '../../src/judge/readings/backend.ts';
import { entryOf } from '../../src/judge/readings/entry.ts';
import { kubeletUsesOwnApiServer } from '../../src/judge/readings/wiring.ts';
import type { Seen } from '../../src/model/rule.ts';

export default defineRule({
  id: 'lb-no-backend-up',
  area: 'loadbalancer',
  since: '0.1.0',
  severity: 'critical',
  impact: 'outage',
  layer: 4,
  title: 'the load balancer has no API server left: 0 of {all} up',
  healthy: 'the load balancer has at least one API server to send clients to',
  why: 'It still accepts connections, but closes them at once: clients see EOF or a reset, not a refusal.',
  shows: ['each servers: {server} {address}  {words}'],
  folded: '0 of {all} up',
  needs: ['operator.kubeconfig', 'lb.stats', 'lb.envoy', 'api.ready', 'kube.nodes'],
  limits: {
    least: { value: 1, unit: 'servers', source: 'HAProxy configuration.txt: a backend without a usable server answers nobody' },
  },
  reasons: ['down', 'maintenance'],
  subjects: (seen) => (noBalancer(seen) ? [] : [entryOf(seen).subject]),
  judge: (seen, limits) => {
    const backends = backendsOf(seen);
    const usable = backends.filter(getsClients);
    const unclear = backends.filter((one) => one.state === 'unclear');
    const downBySummary = summariesOf(seen).some((row) => /^DOWN\b/i.test(row.status));
    if (usable.length >= limits.least && !downBySummary) return pass({ up: usable.length, all: backends.length });
    if (unclear.length > 0 && !downBySummary) {
      const { software } = unclear[0] ?? { software: 'HAProxy' };
      return undecided(`${software} shows ${unclear.length} servers in a state that is not known here`, showServers[software]);
    }
    if (backends.some((one) => one.forced === 'unknown'))
      return undecided(
        'Envoy calls every server dead, and may send clients there all the same',
        'let --envoy-admin reach /config_dump too',
      );
    const servers = backends.map((one) => ({ server: one.row.server, address: addressOf(one), words: wordsOf(one) }));
    const supports = backends.map((one) => ({ name: one.subject.name, keys: one.subject.keys, state: 'lost' as const }));
    const reason = backends.every((one) => one.state === 'maintenance') ? 'maintenance' : 'down';
    return fail({ all: backends.length, servers }, { reason, witness: 'stated', supports });
  },
  explains: [
    { to: 'lb-backend-down', kind: 'made-of', on: 'lb', because: 'none is left when each of them is taken out' },
    {
      to: 'api-lb-unreachable',
      kind: 'causes',
      on: 'lb',
      because: 'a balancer without a usable server accepts a connection and closes it',
      produces: ['closed', 'reset', 'tls', 'hung', 'not-ready', 'protocol', 'partial'],
    },
    {
      to: 'ha-node-notready',
      kind: 'causes',
      on: 'cluster',
      because: 'a kubelet that reports through the load balancer reaches no API server',
      when: ({ effect }, seen) =>
        (({ yes: 'no', no: 'yes', unknown: 'unknown' }) as const)[kubeletUsesOwnApiServer(seen, effect.subject.keys.node)],
    },
  ],
  fixes: ({ verdicts }, seen) => {
    const serving = servingMaster(seen);
    const rows = verdicts[0]?.facts['servers'];
    const [row] = Array.isArray(rows) ? rows : [];
    const address = String(row?.['address'] ?? serving ?? '');
    const software = isEnvoy(seen) ? 'Envoy' : 'HAProxy';
    const look = {
      do: 'Ask one of them from where the checks come from',
      where: 'lb',
      run: [
        `curl -sk ${shellWord(`https://${address}/readyz`)}`,
        software === 'Envoy' ? showServers.Envoy : `${showServers.HAProxy} | cut -d, -f1,2,18,37,38,57`,
      ],
      risk: 'none' as const,
      needs: [],
      verify: [],
    };
    if (serving === undefined) return [look];
    const needs = [{ text: say('{serving} serves us directly', { serving }), met: 'yes' as const }];
    const run = [takeConfig[software]];
    return [
      look,
      {
        do: 'API servers serve, so mend the check, the ports or the firewall, then reload',
        where: 'lb',
        run,
        risk: 'medium',
        needs,
        verify: [`kubectl get --raw /readyz`],
      },
    ];
  },
  avoid: (_cause, seen) =>
    servingMaster(seen) === undefined ? [] : ['restart API servers or etcd for this: an API server serves directly'],
  reading: ['https://docs.haproxy.org/2.6/configuration.html'],
  errors: ['backend has no server available!', 'Unable to connect to the server: EOF'],
});

function servingMaster(seen: Seen): string | undefined {
  return seen.tally(seen.topology.masters, (master) => servesClients(readApiServer(seen, master))).yes[0]?.subject.id;
}
