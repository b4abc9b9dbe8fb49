// Does the load balancer send clients to this API server?
import { say } from '../../src/model/sentence.ts';
import { shellWord } from '../../src/judge/shell-word.ts';
import { showServers } from '../../src/judge/plans/ask-balancer.ts';
import { addressOnSocket, setServer } from '../../src/judge/plans/set-server.ts';
import { defineRule, fail, pass, undecided } from '../../src/judge/define-rule.ts';
import { describeDuration } from '../../src/model/time.ts';
import {
  addressOf,
  backendsOf,
  changedAt,
  checkedReasons,
  getsClients,
  noBalancer,
  unreachedReasons,
  wordsOf,
} from '../../src/judge/readings/backend.ts';
import { reasonOf } from '../../src/judge/readings/balancer-check.ts';
import type { Fix } from '../../src/model/rule.ts';

export default defineRule({
  id: 'lb-backend-down',
  area: 'loadbalancer',
  since: '0.1.0',
  severity: 'warning',
  impact: 'at-risk',
  layer: 4,
  title: 'the load balancer has taken out {node}: {words}',
  healthy: 'the load balancer sends clients to every API server',
  why: 'The other API servers carry its share; with fewer of them the next failure weighs more.',
  shows: ['{proxy}/{server} {address}  {words}{since}'],
  folded: '{balancer} {proxy}/{server} {words}',
  needs: ['lb.stats', 'lb.envoy', 'kube.nodes'],
  limits: {},
  reasons: [...checkedReasons, 'maintenance'],
  subjects: (seen) => (noBalancer(seen) ? [] : backendsOf(seen).map((backend) => backend.subject)),
  judge: (seen, _limits, subject) => {
    const backend = backendsOf(seen).find((one) => one.subject.id === subject.id);
    if (backend === undefined) return undecided(`${subject.name} is no longer in the table`, '--haproxy-stats <url or socket>');
    const { row, state, software } = backend;
    const words = wordsOf(backend);
    if (backend.forced === 'yes') return pass({ node: subject.name, words, note: 'it is called dead and gets clients all the same' });
    if (backend.forced === 'unknown')
      return undecided(
        `Envoy calls ${subject.name} dead and may send clients there all the same`,
        'let --envoy-admin reach /config_dump too',
      );
    if (getsClients(backend))
      return pass({ node: subject.name, words, ...(state === 'going-down' && { note: 'a check has failed, not enough of them yet' }) });
    if (state === 'coming-up') return pass({ node: subject.name, words, note: 'its checks succeed again' });
    if (state === 'unclear') return undecided(`${software} shows ${row.proxy}/${row.server} as “${row.status}”`, showServers[software]);
    const since = backend.envoy === undefined ? changedAt(seen.known('lb.stats'), row) : undefined;
    const lasting = row.lastChange === undefined ? '' : say(', for {duration}', { duration: describeDuration(row.lastChange * 1000) });
    const address = addressOf(backend);
    const facts = { node: subject.name, balancer: software, proxy: row.proxy, server: row.server, address, words, since: lasting };
    const lasted = since === undefined ? {} : { since };
    if (state === 'maintenance') return fail(facts, { reason: 'maintenance', group: 'maintenance', witness: 'stated', ...lasted });
    return fail(facts, { reason: reasonOf(backend), witness: 'measured', ...lasted });
  },
  explains: [
    {
      to: 'api-lb-unreachable',
      kind: 'causes',
      on: 'cluster',
      because: 'until it was taken out, the load balancer sent it a share of the clients',
      produces: ['partial'],
      covers: 'all',
      match: 'apiserver',
      when: ({ cause }) => (unreachedReasons.some((reason) => reason === cause.reason) ? 'yes' : 'no'),
    },
    {
      to: 'api-apf-saturated',
      kind: 'hints',
      on: 'cluster',
      because: 'the others carry its share with as many seats as before',
    },
    {
      to: 'api-connection-imbalance',
      kind: 'hints',
      on: 'cluster',
      because: 'clients that moved to the others stay there after it is back',
    },
  ],
  fixes: ({ facts, verdicts }) => {
    const [proxy, server] = [String(facts['proxy']), String(facts['server'])];
    if (verdicts[0]?.reason === 'maintenance') {
      if (facts['balancer'] === 'Envoy') return [undrain];
      return [
        {
          do: 'If nobody works on it any more, put it back',
          where: 'lb',
          run: [setServer(proxy, server, 'ready')],
          risk: 'medium',
          needs: [{ text: 'nobody has taken it out on purpose', met: 'unknown' }],
          verify: [`echo 'show stat' | socat - /run/haproxy/admin.sock | grep ${shellWord(`^${proxy},${server},`)}`],
          undo: [setServer(proxy, server, 'maint')],
        },
      ];
    }
    const run =
      facts['address'] === ''
        ? [addressOnSocket('address', proxy, server), 'curl -sk "https://$address/readyz"']
        : [`curl -sk ${shellWord(`https://${facts['address']}/readyz`)}`];
    return [{ do: 'Ask it from where the check comes from', where: 'lb', run, risk: 'none', needs: [], verify: [] }];
  },
  avoid: () => [],
  reading: [
    'https://docs.haproxy.org/2.6/management.html',
    'https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/health_checking',
  ],
  errors: [
    'Server api/m2 is DOWN, reason: Layer4 connection problem',
    'reason: Layer7 wrong status, code: 500',
    'reason: Layer6 invalid response',
  ],
});

const undrain: Fix = {
  do: 'Its health_status is DRAINING in the file, or in what a control plane tells Envoy: if nobody works on it any more, set it back there',
  where: 'lb',
  run: [showServers.Envoy],
  risk: 'none',
  needs: [],
  verify: [],
};
