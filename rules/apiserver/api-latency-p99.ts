// Does this API server answer within the time its clients plan for?
import { defineRule, fail, pass } from '../../src/judge/define-rule.ts';
import { shellWord } from '../../src/judge/shell-word.ts';
import { mastersOf } from '../../src/judge/readings/api-server.ts';
import { type ApiWindow, apiWindow, openEnd } from '../../src/judge/readings/api-window.ts';
import { between, describeQuantile, type Quantile, quantileOf } from '../../src/judge/readings/histogram.ts';
import type { RequestKind } from '../../src/model/api-metrics.ts';
import { type Sentence, say } from '../../src/model/sentence.ts';

const share = 0.99;

export default defineRule({
  id: 'api-latency-p99',
  area: 'apiserver',
  since: '0.2.0',
  severity: 'warning',
  impact: 'degraded',
  layer: 3,
  title: 'the API server on {node} is slow: one in a hundred requests takes {worst}',
  healthy: 'the API servers answer within half a second',
  why: 'Controllers that renew a lease have 10 s for it; kubelets, controllers and people wait.',
  shows: ['each rows: {node}  {kind}  {count} requests in {seconds} s, the slowest 1 % took {took} or more', 'if where: {where}'],
  folded: 'slowest 1 % take {worst}',
  needs: ['api.metrics', 'kube.nodes'],
  limits: {
    target: {
      value: 0.5,
      unit: 's, requests for one object',
      source: 'own choice; no histogram of Kubernetes has an edge there: 0.4 and 0.6',
    },
    single: { value: 1, unit: 's', source: 'kubernetes-mixin rules/kube_apiserver-config.libsonnet: resource scope and changes' },
    namespaceList: { value: 5, unit: 's', source: 'kubernetes-mixin rules/kube_apiserver-config.libsonnet: namespace scope' },
    clusterList: { value: 30, unit: 's', source: 'kubernetes-mixin rules/kube_apiserver-config.libsonnet: cluster scope' },
    least: { value: 100, unit: 'requests of a kind', source: 'own choice: a hundredth of fewer is not even one' },
  },
  reasons: ['storage', 'webhooks-or-queue', 'itself'],
  subjects: (seen) => mastersOf(seen).map((master) => master.subject),
  judge: (seen, limits, subject) => {
    const window = apiWindow(seen, subject);
    const measured = measure(window).filter((one) => one.count >= limits.least);
    if (measured.length === 0)
      throw openEnd(
        subject,
        `fewer than ${limits.least} requests of any kind in the time between the two looks`,
        '--deep at a busier time',
      );
    const critical: Readonly<Record<RequestKind, number>> = {
      single: limits.single,
      'namespace-list': limits.namespaceList,
      'cluster-list': limits.clusterList,
    };
    const slow = measured.filter(({ kind, whole }) => whole.about > (kind === 'single' ? limits.target : critical[kind]));
    const [first] = slow;
    if (first === undefined) return pass({ node: subject.name, kinds: measured.length });
    const rows = slow.map(({ kind, count, whole }) => ({ kind: kindWords[kind], count, took: describeQuantile(whole) }));
    const reason = reasonFor(window, first);
    const facts = { node: subject.name, rows, seconds: window.seconds, worst: describeQuantile(first.whole), where: whereWords[reason] };
    const severity = slow.some(({ kind, whole }) => whole.about > critical[kind]) ? 'critical' : 'warning';
    return fail(facts, { reason, severity, witness: 'stated' });
  },
  explains: [
    {
      to: 'le-flapping',
      kind: 'causes',
      on: 'cluster',
      because: 'a lease whose renewal takes longer than its deadline of 10 s is given up',
      covers: 'any',
      match: 'node',
      unproven: true,
    },
    {
      to: 'le-component-unhealthy',
      kind: 'causes',
      on: 'node',
      because: 'a leader that cannot renew its lease ends itself',
      when: ({ effect }) => (/leader ?election lost/.test(String(effect.facts['log'] ?? '')) ? 'yes' : 'unknown'),
      unproven: true,
    },
    {
      to: 'ha-node-notready',
      kind: 'causes',
      on: 'node',
      because: 'a heartbeat that takes too long is as good as none',
      when: ({ cause }) => (cause.severity === 'critical' ? 'yes' : 'no'),
      unproven: true,
    },
  ],
  fixes: ({ subjects }) =>
    subjects.map((subject) => ({
      do: 'See which resources and verbs are slow: twice, half a minute apart; what grew in high buckets is it',
      where: 'here',
      run: [
        `kubectl ${shellWord(`--server=https://${subject.id}`)} get --raw /metrics | grep -E '^(apiserver_request_sli|etcd_request|apiserver_admission_webhook_admission)_duration_seconds_(sum|count)'`,
      ],
      risk: 'none',
      needs: [],
      verify: [],
    })),
  avoid: () => ['raise the limits of requests in flight: more work at once makes a slow disk slower'],
  reading: ['https://github.com/kubernetes/community/blob/master/sig-scalability/slos/api_call_latency.md'],
  errors: [
    'Timeout: request did not complete within requested timeout',
    'context deadline exceeded (Client.Timeout exceeded while awaiting headers)',
  ],
});

interface Measured {
  readonly kind: RequestKind;
  readonly count: number;
  readonly whole: Quantile;
  readonly own: Quantile | undefined;
}

const kindWords: Readonly<Record<RequestKind, Sentence>> = {
  single: say('one object'),
  'namespace-list': say('lists of a namespace'),
  'cluster-list': say('lists of everything'),
};

const whereWords: Readonly<Record<'storage' | 'webhooks-or-queue' | 'itself', Sentence>> = {
  storage: say('Most of it is spent waiting for etcd.'),
  'webhooks-or-queue': say('Most of it is spent in webhooks or in the queue, before the API server begins its own work.'),
  itself: say('Neither etcd nor webhooks nor queues account for it: look at CPU and memory of this machine.'),
};

function measure({ first, last }: ApiWindow): readonly Measured[] {
  return (last.times ?? []).flatMap(({ kind, whole, own }) => {
    const before = first.times?.find((one) => one.kind === kind);
    const grown = between(before?.whole, whole);
    const quantile = grown && quantileOf(grown, share);
    if (grown === undefined || quantile === undefined) return [];
    const served = between(before?.own, own);
    return [{ kind, count: grown.count, whole: quantile, own: served && quantileOf(served, share) }];
  });
}

/** Half of the time is most of it. */
function reasonFor({ first, last }: ApiWindow, { whole, own }: Measured): 'storage' | 'webhooks-or-queue' | 'itself' {
  const grown = between(first.storage, last.storage);
  const storage = grown && quantileOf(grown, share);
  if (storage !== undefined && storage.about >= whole.about / 2) return 'storage';
  return own !== undefined && own.about < whole.about / 2 ? 'webhooks-or-queue' : 'itself';
}
