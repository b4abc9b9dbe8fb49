// Is every part of the API that somebody else serves available?
import { defineRule, fail, pass, undecided } from '../../src/judge/define-rule.ts';
import { shellWord } from '../../src/judge/shell-word.ts';
import { ageAt } from '../../src/judge/readings/age.ts';
import { describeDuration } from '../../src/model/time.ts';
import { readyBackends } from '../../src/judge/readings/called-service.ts';
import type { ApiServiceSeen } from '../../src/model/admission.ts';
import type { Seen } from '../../src/model/rule.ts';
import { say, type Sentence } from '../../src/model/sentence.ts';
import type { Subject } from '../../src/model/subject.ts';

export default defineRule({
  id: 'api-aggregated-unavailable',
  area: 'apiserver',
  since: '0.2.0',
  severity: 'warning',
  impact: 'degraded',
  layer: 3,
  title: 'the aggregated API {api} is not available: {reason}',
  healthy: 'every aggregated API is available',
  why: 'Its own clients fail; namespaces cannot be deleted, and tools that list all kinds of objects report errors, until it is back or taken away.',
  shows: ['{api}  {reason}, for {age}', '  {service}  {backends}', 'if message:   {message}'],
  folded: '{api}: {reason}',
  needs: ['kube.api-services', 'kube.service-backends'],
  limits: {
    settled: { value: 300, unit: 's', source: 'kubernetes-mixin KubeAggregatedAPIDown: 5 min' },
  },
  reasons: ['no-backend', 'refused', 'unreachable', 'other'],
  subjects: (seen) =>
    aggregatedOf(seen).map((one) => {
      const object = `APIService/${one.name}`;
      // It belongs to no namespace, and what it does not answer fails everywhere.
      return { kind: 'cluster', id: object, name: one.name, keys: { object } } satisfies Subject;
    }),
  judge: (seen, limits, subject) => {
    const { clock } = seen.get('kube.api-services');
    const found = aggregatedOf(seen).find((one) => one.name === subject.name);
    const look = `kubectl get apiservice ${shellWord(subject.name)} -o yaml`;
    if (found?.service === undefined) return undecided(`${subject.name} is no longer registered`, look);
    if (found.available === 'True') return pass({ api: found.name });
    if (found.available === 'absent') return undecided(`no API server has said yet whether ${found.name} is available`, look);
    if (found.since === undefined || clock === undefined) return undecided(`since when ${found.name} is not available is not said`, look);
    const age = ageAt(found.since, clock);
    const service = `${found.service.namespace}/${found.service.name}`;
    const ready = readyBackends(seen, found.service);
    const facts = {
      api: found.name,
      reason: found.reason === '' ? found.available : found.reason,
      message: found.message,
      service,
      age: describeDuration(age.low),
      backends: wordsFor(ready),
    };
    const known = {
      since: { earliest: clock.sentAt - age.high, latest: clock.receivedAt - age.low },
      reason: reasonOf(found, ready),
      witness: 'stated',
    } as const;
    // Pods behind it may just be starting; with nobody behind it there is nothing to wait for.
    if (age.low < limits.settled * 1000 && ready !== 0) return fail(facts, { ...known, severity: 'info', impact: 'at-risk' });
    return fail(facts, known);
  },
  explains: [
    {
      to: 'api-5xx-ratio',
      kind: 'causes',
      on: 'cluster',
      because: 'every request to it is answered 503',
      produces: ['errors'],
      when: () => 'unknown',
      unproven: true,
    },
  ],
  fixes: ({ facts }) => {
    const [namespace = '', name = ''] = String(facts['service']).split('/');
    const api = String(facts['api']);
    const verify = [`kubectl get apiservice ${shellWord(api)}   # AVAILABLE True`];
    return [
      {
        do: say('See who serves {api}, and why nobody answers', { api }),
        where: 'here',
        run: [
          `kubectl -n ${shellWord(namespace)} get service,endpointslices -l ${shellWord(`kubernetes.io/service-name=${name}`)} -o wide`,
          `kubectl -n ${shellWord(namespace)} describe service ${shellWord(name)}`,
          `kubectl -n ${shellWord(namespace)} get pods -o wide`,
        ],
        risk: 'none',
        needs: [],
        verify: [],
      },
      {
        do: say('Only if nothing is meant to serve {api} any more: take its registration away', { api }),
        where: 'here',
        run: [
          `kubectl get apiservice ${shellWord(api)} -o yaml > ${shellWord(`${api}.yaml`)}`,
          `kubectl delete apiservice ${shellWord(api)}`,
        ],
        risk: 'medium',
        needs: [{ text: 'what served it was removed on purpose', met: 'unknown' }],
        verify,
        undo: [`kubectl apply -f ${shellWord(`${api}.yaml`)}`],
      },
    ];
  },
  avoid: () => ['remove finalizers of namespaces that hang in Terminating because of it: they go once discovery works'],
  reading: ['https://kubernetes.io/docs/concepts/extend-kubernetes/api-extension/apiserver-aggregation/'],
  errors: [
    'FailedDiscoveryCheck',
    'MissingEndpoints',
    'the server is currently unable to handle the request (get pods.metrics.k8s.io)',
    'unable to retrieve the complete list of server APIs',
  ],
});

function aggregatedOf(seen: Seen<'kube.api-services'>): readonly ApiServiceSeen[] {
  return seen.get('kube.api-services').services.filter((one) => one.service !== undefined);
}

function wordsFor(ready: number | 'unknown'): Sentence {
  if (ready === 'unknown') return say('how many addresses stand behind it is not known');
  return ready === 0 ? say('no ready address stands behind it') : say('{ready} ready addresses stand behind it', { ready });
}

function reasonOf({ reason, message }: ApiServiceSeen, ready: number | 'unknown'): 'no-backend' | 'refused' | 'unreachable' | 'other' {
  if (ready === 0 || /^(?:MissingEndpoints|EndpointsNotFound|ServiceNotFound)$/.test(reason)) return 'no-backend';
  if (/\b40[13]\b|Unauthorized|forbidden/i.test(message)) return 'refused';
  return reason === 'FailedDiscoveryCheck' ? 'unreachable' : 'other';
}
