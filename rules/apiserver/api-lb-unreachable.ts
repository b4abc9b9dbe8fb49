// Does the address in the kubeconfig serve every client that connects?
import { say, type Text } from '../../src/model/sentence.ts';
import { shellWord } from '../../src/judge/shell-word.ts';
import { defineRule, fail, pass, undecided } from '../../src/judge/define-rule.ts';
import { planToReachEntry } from '../../src/judge/plans/reach-entry.ts';
import { mastersOf, readApiServer, servesClients } from '../../src/judge/readings/api-server.ts';
import {
  type EntryReading,
  type EntryTry,
  entryOf,
  loginFails,
  type Met,
  readEntry,
  supportsBehind,
} from '../../src/judge/readings/entry.ts';
import { kubeletUsesOwnApiServer } from '../../src/judge/readings/wiring.ts';
import type { Seen } from '../../src/model/rule.ts';
import type { Master } from '../../src/model/topology.ts';

const total = ['dns', 'refused', 'timeout', 'unreachable', 'hung', 'reset', 'closed', 'tls', 'protocol', 'untrusted', 'not-ready'] as const;

export default defineRule({
  id: 'api-lb-unreachable',
  area: 'apiserver',
  since: '0.1.0',
  severity: 'critical',
  impact: 'outage',
  layer: 4,
  title: 'the API at {address} {words}',
  healthy: 'every connection to the address in the kubeconfig reaches an API server that serves',
  why: 'Whoever uses {address} meets this: kubectl, CI, and every kubelet that does not use an API server of its own.',
  shows: ['each outcomes: {address}  {words}  {count} of {all} tries', 'if served: {served} of {all} tries were served'],
  folded: '{address} {words}',
  needs: ['operator.kubeconfig', 'lb.tries', 'lb.stats', 'lb.envoy', 'lb.credential', 'api.ready', 'kube.nodes'],
  limits: {
    lost: { value: 2, unit: 'tries', source: 'own choice: one lost try while every API server serves is no more than a lost packet' },
  },
  reasons: [...total, 'partial'],
  subjects: (seen) => [entryOf(seen).subject],
  judge: (seen, limits) => {
    const entry = entryOf(seen);
    const reading = readEntry(seen, limits.lost);
    const address = entry.subject.id;
    if (reading.tries.length === 0) return undecided('no try was finished in time', `curl -sk ${shellWord(`https://${address}/readyz`)}`);
    if (reading.kind === 'unclear') {
      return undecided('every try got 403, and no API server could be asked directly', '--masters <host:port,…>');
    }
    if (reading.kind === 'serves') return pass({ address, tries: reading.tries.length });
    const all = reading.tries.length;
    const facts = { address, all, words: wordsFor(reading), outcomes: outcomesOf(reading.failing) };
    const stated = reading.failing.every((one) => one.met === 'untrusted' || one.met === 'not-ready');
    const witness = stated ? 'stated' : loginFails(seen) ? 'agreed' : 'measured';
    const supports = supportsBehind(seen, reading);
    if (reading.kind === 'partial') {
      const served = all - reading.failing.length;
      return fail({ ...facts, served }, { reason: 'partial', severity: 'warning', impact: 'degraded', witness, supports });
    }
    return fail(facts, { reason: totalReason(reading.met), witness, supports });
  },
  explains: [
    {
      to: 'ha-node-notready',
      kind: 'causes',
      on: 'cluster',
      because: 'a kubelet that reports through the load balancer cannot renew its lease',
      when: ({ cause, effect }, seen) => {
        if (cause.reason === 'partial') return 'no';
        const own = kubeletUsesOwnApiServer(seen, effect.subject.keys.node);
        if (own !== 'no') return own === 'yes' ? 'no' : 'unknown';
        return servingMaster(seen) === undefined ? 'unknown' : 'yes';
      },
    },
  ],
  fixes: (cause, seen) => {
    const { entry } = seen.topology;
    return entry === undefined ? [] : planToReachEntry(seen, entry, cause.verdicts[0]?.reason, servingMaster(seen));
  },
  avoid: (_cause, seen) =>
    servingMaster(seen) === undefined ? [] : ['restart API servers or etcd for this: an API server behind it serves'],
  reading: ['https://kubernetes.io/docs/setup/production-environment/tools/kubeadm/high-availability/'],
  errors: [
    'Unable to connect to the server: EOF',
    'The connection to the server was refused - did you specify the right host or port?',
    'Unable to connect to the server: net/http: TLS handshake timeout',
    'dial tcp: lookup … no such host',
  ],
});

function totalReason(met: Met | undefined): (typeof total)[number] {
  return total.find((reason) => reason === met) ?? 'closed';
}

const verbs: Readonly<Record<string, string>> = {
  dns: 'cannot be resolved',
  refused: 'refuses connections',
  timeout: 'does not answer connections',
  unreachable: 'cannot be routed to',
  hung: 'accepts connections, then says nothing',
  reset: 'accepts connections, then resets them',
  closed: 'accepts connections, then closes them before TLS',
  tls: 'fails the TLS handshake',
  protocol: 'answers with something that is not HTTP',
  untrusted: 'shows a certificate that clients refuse',
  'not-ready': 'reaches no API server that is ready',
};

function wordsFor(reading: EntryReading): Text {
  if (reading.kind === 'partial')
    return say('fails {failing} of {tries} tries', { failing: reading.failing.length, tries: reading.tries.length });
  return verbs[totalReason(reading.met)] ?? 'fails';
}

/** Failing tries put together by what they met and whose certificate they saw. */
function outcomesOf(failing: readonly EntryTry[]) {
  const groups = new Map<string, { address: string; words: Text; count: number }>();
  for (const { one, met, master } of failing) {
    const status = one.outcome.kind === 'answered' ? ` (${one.outcome.status})` : '';
    const words =
      master === undefined ? `${met}${status}` : say('{met}{status}, by {master}', { met, status, master: master.subject.name });
    const key = `${one.address} ${words}`;
    groups.set(key, { address: one.address, words, count: (groups.get(key)?.count ?? 0) + 1 });
  }
  return [...groups].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, row]) => row);
}

function servingMaster(seen: Seen): Master | undefined {
  const masters = seen.topology.masters.length === 0 ? [] : mastersOf(seen);
  return seen.tally(masters, (master) => servesClients(readApiServer(seen, master))).yes[0];
}
