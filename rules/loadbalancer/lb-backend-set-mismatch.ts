// Does the load balancer know all API servers of this cluster, and nobody else?
import { defineRule, fail, pass, undecided } from '../../src/judge/define-rule.ts';
import { showServers, takeConfig } from '../../src/judge/plans/ask-balancer.ts';
import { backendsOf, getsClients, isEnvoy } from '../../src/judge/readings/backend.ts';
import { endUnread } from '../../src/judge/readings/balancer-files.ts';
import { type Deviation, type Difference, differencesIn, serverListsOf } from '../../src/judge/readings/listed-servers.ts';
import { entryOf } from '../../src/judge/readings/entry.ts';
import { shellWord } from '../../src/judge/shell-word.ts';
import type { Certainty, Link, Seen } from '../../src/model/rule.ts';
import { type Sentence, say } from '../../src/model/sentence.ts';

const kinds = ['foreign', 'stranger', 'port', 'absent', 'differs', 'not-loaded'] as const;

export default defineRule({
  id: 'lb-backend-set-mismatch',
  area: 'loadbalancer',
  since: '0.1.0',
  severity: 'warning',
  impact: 'degraded',
  layer: 4,
  final: true,
  title: 'the load balancer’s list of servers is not the list of API servers: {words}',
  healthy: 'the load balancer knows every API server, and nobody else',
  why: 'A master it does not know carries no load and is no reserve; a server that is none fails its share of the clients.',
  shows: ['each rows: {whose}  {words}'],
  folded: '{words}',
  needs: ['operator.kubeconfig', 'lb.stats', 'lb.config', 'lb.envoy', 'lb.strangers', 'api.ready', 'kube.nodes'],
  limits: {},
  reasons: kinds,
  subjects: (seen) => (seen.topology.entryIsMaster ? [] : [entryOf(seen).subject]),
  judge: (seen) => {
    const lists = serverListsOf(seen);
    if (lists.length === 0) {
      seen.get('lb.stats');
      return undecided('no list of servers leads to an API server that is known', '--lb-config lb1=/etc/haproxy/haproxy.cfg');
    }
    const { found, unknown } = differencesIn(seen, lists);
    const [worst] = found;
    if (worst !== undefined) {
      const rows = found.map((one) => ({ whose: one.whose, words: sentenceOf(one) }));
      const severity = worst.kind === 'foreign' ? 'critical' : 'warning';
      const impact = isHarmless(seen, found) ? { impact: 'at-risk' as const } : {};
      return fail({ words: sentenceOf(worst), rows }, { reason: worst.kind, severity, witness: 'stated', ...impact });
    }
    endUnread(seen);
    if (unknown.length > 0)
      return undecided(`it does not list ${unknown.join(', ')}, and nobody could ask there`, '--masters <host:port,…>');
    if (lists.some((list) => list.servers.some((one) => one.isOpen)))
      return undecided(
        'it lists names that nobody resolved',
        isEnvoy(seen) ? showServers.Envoy : "on the load balancer: echo 'show servers state' | socat - /run/haproxy/admin.sock",
      );
    return pass({ servers: lists[0]?.servers.length ?? 0, lists: lists.length });
  },
  explains: [
    {
      to: 'lb-backend-down',
      kind: 'causes',
      on: 'lb',
      because: 'what is listed there is not an API server',
      when: isListedWrongly,
    },
    {
      to: 'lb-check-disagrees',
      kind: 'causes',
      on: 'lb',
      because: 'the check goes to a port where no API server listens',
      produces: ['down'],
      when: isListedWrongly,
      unproven: true,
    },
    {
      to: 'api-credential-rejected',
      kind: 'causes',
      on: 'cluster',
      because: 'another cluster does not know this login',
      when: ({ cause }) => (cause.reason === 'foreign' ? 'yes' : 'no'),
      unproven: true,
    },
    {
      to: 'api-lb-unreachable',
      kind: 'causes',
      on: 'lb',
      because: 'a share of the clients is sent to a server that is none of this cluster’s',
      produces: ['partial', 'untrusted', 'tls', 'protocol', 'closed', 'reset'],
      when: ({ cause }) => (cause.reason === 'foreign' || cause.reason === 'stranger' ? 'yes' : 'no'),
      unproven: true,
    },
  ],
  fixes: (_cause, seen) => {
    const software = isEnvoy(seen) ? 'Envoy' : 'HAProxy';
    const wanted = seen.topology.masters.map(({ subject }) =>
      software === 'Envoy' ? subject.id : `server ${subject.name} ${subject.id} check`,
    );
    return [
      {
        do: 'Compare what each balancer has with the list of masters',
        where: 'lb',
        run:
          software === 'Envoy'
            ? ["grep -nE 'address:|port_value:' /etc/envoy/envoy.yaml", showServers.Envoy]
            : ["grep -nE '^ *server ' /etc/haproxy/haproxy.cfg", "echo 'show servers state' | socat - /run/haproxy/admin.sock"],
        risk: 'none',
        needs: [],
        verify: [],
      },
      {
        do: say('Let the API’s backend hold these and no others, on the standby balancer first: {servers}', {
          servers: wanted.join(' | '),
        }),
        where: 'lb',
        run: [takeConfig[software]],
        risk: 'medium',
        needs: [{ text: 'every one of them is meant to be a master', met: seen.topology.mastersComplete ? 'yes' : 'unknown' }],
        verify: seen.topology.masters.map((master) => `curl -sk ${shellWord(`https://${master.subject.id}/readyz`)}`),
      },
    ];
  },
  avoid: () => [],
  reading: [
    'https://docs.haproxy.org/2.6/configuration.html#5',
    'https://kubernetes.io/docs/setup/production-environment/tools/kubeadm/high-availability/',
  ],
});

function sentenceOf({ kind, address, node, name }: Difference): Sentence {
  const words: Readonly<Record<Deviation, () => Sentence>> = {
    foreign: () => say('{address} is an API server of another cluster', { address }),
    stranger: () => say('{address} is no API server of this cluster', { address }),
    port: () => say('{address} is not the port of the API server on {node}', { address, node }),
    absent: () => say('{node} ({address}) serves and is not listed', { node, address }),
    differs: () => say('it lists other servers than {name}', { name }),
    'not-loaded': () => say('it runs with other servers than {name} has', { name }),
  };
  return words[kind]();
}

/** Whether the balancer itself has taken out whatever is listed wrongly, so that no client gets there. */
function isHarmless(seen: Seen, found: readonly Difference[]): boolean {
  const wrong = found.filter(({ kind }) => kind === 'foreign' || kind === 'stranger' || kind === 'port');
  const backends = seen.attempt(() => backendsOf(seen)) ?? [];
  const isOut = ({ address }: Difference) => {
    const own = backends.filter(({ row }) => row.address === address);
    return own.length > 0 && own.every((one) => !getsClients(one) && one.forced === 'no');
  };
  return wrong.length > 0 && wrong.every(isOut);
}

/** Whether the server an effect speaks of is one that should not be listed like this. */
function isListedWrongly({ effect }: Link, seen: Seen): Certainty {
  const wrong = differencesIn(seen, serverListsOf(seen)).found.filter(
    ({ kind }) => kind === 'foreign' || kind === 'stranger' || kind === 'port',
  );
  const { address, server } = effect.facts;
  return wrong.some((one) => one.name === server || (address !== '' && one.address === address)) ? 'yes' : 'no';
}
