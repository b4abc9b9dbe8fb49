// Does the load balancer think of this API server what its clients would?
import { say, type Text } from '../../src/model/sentence.ts';
import { shellWord } from '../../src/judge/shell-word.ts';
import { showServers } from '../../src/judge/plans/ask-balancer.ts';
import { setServer } from '../../src/judge/plans/set-server.ts';
import { defineRule, fail, pass, undecided } from '../../src/judge/define-rule.ts';
import { type ApiServerReading, endUnheard, readApiServer, servesClients } from '../../src/judge/readings/api-server.ts';
import { addressOf, type Backend, backendsOf, checkedReasons, isUsable, noBalancer, wordsOf } from '../../src/judge/readings/backend.ts';
import { checkIsGood, checkMet, layerOfCheck } from '../../src/judge/readings/balancer-check.ts';
import { servedThroughEntry } from '../../src/judge/readings/entry.ts';
import { changedWithin } from '../../src/judge/readings/pod.ts';
import { podSays } from '../../src/judge/readings/settled.ts';
import { MissingEvidence } from '../../src/judge/view.ts';
import type { Seen } from '../../src/model/rule.ts';

type Needs = 'lb.stats' | 'lb.envoy' | 'lb.tries' | 'api.ready' | 'kube.nodes' | 'kube.node-leases' | 'kube.control-plane-pods';

export default defineRule({
  id: 'lb-check-disagrees',
  area: 'loadbalancer',
  since: '0.1.0',
  severity: 'warning',
  impact: 'degraded',
  layer: 4,
  title: '{balancer} calls {node} {verdict}; asked directly it {direct}',
  healthy: 'the load balancer thinks of every API server what its clients would',
  why: 'Either clients are sent to a server that fails them, or a good server stands idle.',
  shows: ['{proxy}/{server} {address}  {verdict} for {balancer}; it {direct}'],
  folded: '{balancer} {proxy}/{server} {verdict}; directly it {direct}',
  needs: ['lb.stats', 'lb.envoy', 'lb.tries', 'api.ready', 'kube.nodes', 'kube.node-leases', 'kube.control-plane-pods'],
  limits: {
    settled: {
      value: 30,
      unit: 's',
      source: 'HAProxy: fall 3 × inter 2 s and its time-outs; recording: rows settled within 20 s of a change',
    },
  },
  reasons: ['up', 'down', 'unauthorised'],
  subjects: (seen) => {
    if (noBalancer(seen)) return [];
    const mapped = backendsOf(seen).filter((one) => one.master !== undefined);
    if (mapped.length > 0) return mapped.map((one) => one.subject);
    const gap = {
      gap: 'absent',
      detail: 'none of the load balancer’s servers has the address of a known API server',
      howToGet: '--masters <host:port,…>',
    } as const;
    throw new MissingEvidence([{ ...gap, id: 'lb.stats', subject: 'cluster/cluster' }]);
  },
  judge: (seen, limits, subject) => {
    const backend = backendsOf(seen).find((one) => one.subject.id === subject.id);
    if (backend?.master === undefined) return undecided(`${subject.name} is no longer in the table`, '--haproxy-stats <url or socket>');
    const reading = readApiServer(seen, backend.master);
    const words = wordsOf(backend);
    const { proxy, server } = backend.row;
    const facts = {
      node: subject.name,
      balancer: backend.software,
      proxy,
      server,
      address: addressOf(backend),
      verdict: words,
      direct: wordsFor(reading),
    };
    if (backend.state === 'maintenance') return pass({ words, note: 'taken out by hand' });
    if (backend.state === 'going-down' || backend.state === 'coming-up') return pass({ words, note: 'its mind is changing' });
    if (backend.state === 'unclear')
      return undecided(`${backend.software} shows it as “${backend.row.status}”`, showServers[backend.software]);
    return isUsable(backend) ? judgeUp(seen, backend, reading, facts) : judgeDown(seen, backend, reading, facts, limits.settled * 1000);
  },
  explains: [
    {
      to: 'lb-backend-down',
      kind: 'causes',
      on: 'apiserver',
      because: 'what the check meets is not what the API server says: its port, path, login or a firewall is wrong',
      produces: checkedReasons,
      when: ({ cause }) => (cause.reason === 'up' ? 'no' : 'yes'),
    },
    {
      to: 'lb-no-backend-up',
      kind: 'causes',
      on: 'lb',
      because: 'servers that would serve are all taken out',
      produces: ['down'],
      covers: 'all',
      match: 'apiserver',
      when: ({ cause }) => (cause.reason === 'up' ? 'no' : 'yes'),
    },
  ],
  fixes: ({ facts, verdicts }) => {
    const direct = [`curl -sk -w '%{http_code}\\n' ${shellWord(`https://${facts['address']}/readyz`)}`];
    const ask = { do: 'Ask it from where the check comes from', where: 'lb', run: direct, risk: 'none' as const, needs: [], verify: [] };
    // Nobody can tell Envoy by hand to leave a server out.
    if (verdicts[0]?.reason !== 'up' || facts['balancer'] === 'Envoy') return [ask];
    return [
      {
        do: 'Stop sending clients there until it is mended',
        where: 'lb',
        run: [setServer(String(facts['proxy']), String(facts['server']), 'drain')],
        risk: 'medium',
        needs: [{ text: 'another server is up', met: 'unknown' }],
        verify: ['for i in 1 2 3 4 5 6; do kubectl get --raw /readyz; done'],
        undo: [setServer(String(facts['proxy']), String(facts['server']), 'ready')],
      },
    ];
  },
  avoid: () => [],
  reading: ['https://docs.haproxy.org/2.6/management.html'],
});

type Facts = Readonly<Record<string, Text>>;

/** A check that looks deep enough may simply not have run since; what lies deeper it will never see. */
function judgeUp(seen: Seen<Needs>, backend: Backend, reading: ApiServerReading, facts: Facts) {
  if (servesClients(reading) || reading.kind === 'anonymous-refused') return pass({ words: wordsOf(backend) });
  if (!checkIsGood(backend)) return pass({ words: wordsOf(backend), note: 'a check has failed, not enough of them yet' });
  if (layerOfCheck(backend) >= layerOf(reading)) {
    return undecided('the load balancer’s check may not have run since it stopped serving', 'run ha-doctor again in half a minute');
  }
  if (reading.kind === 'silent' && backend.master !== undefined && servedThroughEntry(seen, backend.master))
    return endUnheard(seen, backend.master, reading);
  return fail(facts, { reason: 'up' as const, group: 'up', witness: 'agreed' });
}

/** The layer a check has to reach to see this; certificates are beyond all that ask with `verify none`. */
function layerOf(reading: ApiServerReading): number {
  if (reading.kind !== 'silent') return reading.trust.kind === 'untrusted' ? 8 : 7;
  if (reading.why === 'refused' || reading.why === 'timeout' || reading.why === 'unreachable') return 4;
  return reading.why === 'protocol' ? 7 : 6;
}

function judgeDown(seen: Seen<Needs>, backend: Backend, reading: ApiServerReading, facts: Facts, settled: number) {
  const unauthorised = reading.kind === 'anonymous-refused' && checkMet(backend, reading.status);
  if (!unauthorised && !servesClients(reading)) return pass({ words: wordsOf(backend), note: 'it does not serve' });
  const recent = !hasBeenSo(seen, backend, settled) || changedWithin(seen, 'kube-apiserver', backend.master?.subject.keys.node, settled);
  if (recent) return undecided('either has changed only just now', 'run ha-doctor again in half a minute');
  // Clients are served by the others meanwhile.
  return fail(facts, {
    reason: unauthorised ? ('unauthorised' as const) : ('down' as const),
    group: 'down',
    witness: 'agreed',
    impact: 'at-risk',
  });
}

/** Envoy does not say since when: for how long the API server has been ready has to do. */
function hasBeenSo(seen: Seen<Needs>, { row, envoy, master }: Backend, settled: number): boolean {
  if (envoy === undefined || master === undefined) return (row.lastChange ?? 0) * 1000 >= settled;
  return podSays(seen, master, true, settled) !== undefined;
}

function wordsFor(reading: ApiServerReading): Text {
  if (reading.kind === 'silent') return say('does not answer ({why})', { why: reading.why });
  if (reading.trust.kind === 'untrusted') return 'shows a certificate that clients refuse';
  return {
    ready: 'serves',
    'not-ready': say('says {status}', { status: reading.status }),
    forbidden: 'says 403 to everybody',
    'anonymous-refused': say('answers {status} without a login', { status: reading.status }),
  }[reading.kind];
}
