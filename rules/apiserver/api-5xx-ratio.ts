// Do requests that reach this API server get answered without server errors?
import { shellWord } from '../../src/judge/shell-word.ts';
import { say } from '../../src/model/sentence.ts';
import { defineRule, fail, pass, undecided } from '../../src/judge/define-rule.ts';
import { mastersOf } from '../../src/judge/readings/api-server.ts';

export default defineRule({
  id: 'api-5xx-ratio',
  area: 'apiserver',
  since: '0.1.0',
  severity: 'warning',
  impact: 'degraded',
  layer: 3,
  title: 'the API server on {node} {words}',
  healthy: 'the API servers answer requests without server errors',
  why: 'Controllers and clients retry; what does not retry fails.',
  shows: ['{node}  {requests} requests in {seconds} s: {errors} answered 5xx, {terminated} cut off'],
  folded: '{words}',
  needs: ['api.metrics', 'kube.nodes'],
  limits: {
    errors: { value: 1, unit: '% of requests', source: 'own choice; the SLO of kubernetes-mixin allows 1 % over 30 days' },
    manyErrors: { value: 5, unit: '% of requests', source: 'own choice: burns a 99 % objective more than five times too fast' },
    terminated: { value: 20, unit: '% of requests', source: 'kubernetes-mixin KubeAPITerminatedRequests' },
    least: { value: 100, unit: 'requests', source: 'own choice: below that one error is a percent' },
  },
  reasons: ['errors', 'terminated'],
  subjects: (seen) => mastersOf(seen).map((master) => master.subject),
  judge: (seen, limits, subject) => {
    const samples = seen.samples('api.metrics', subject);
    const [first] = samples;
    const last = samples[samples.length - 1];
    if (first === undefined || last === undefined || samples.length < 2) return undecided('not sampled: one look only', '--deep');
    const requests = last.value.requests - first.value.requests;
    const errors = last.value.serverErrors - first.value.serverErrors;
    const terminated = last.value.terminated - first.value.terminated;
    if (requests < 0 || errors < 0 || terminated < 0 || first.value.processStart !== last.value.processStart) {
      return undecided(`the API server on ${subject.name} was restarted between the two looks`, '--deep');
    }
    if (requests < limits.least)
      return undecided(`only ${requests} requests in the time between the two looks`, '--deep with a longer --timeout');
    const seconds = Math.round((last.takenAt - first.takenAt) / 1000);
    const facts = { node: subject.name, requests, errors, terminated, seconds };
    const share = (100 * errors) / requests;
    if (share > limits.errors) {
      const severity = share > limits.manyErrors ? 'critical' : 'warning';
      return fail(
        { ...facts, words: say('answers {share} % of all requests with 5xx', { share: share.toFixed(1) }) },
        { reason: 'errors', severity },
      );
    }
    const cut = (100 * terminated) / (requests + terminated);
    if (cut > limits.terminated)
      return fail({ ...facts, words: say('cuts off {cut} % of all requests', { cut: cut.toFixed(0) }) }, { reason: 'terminated' });
    return pass({ node: subject.name, requests, errors });
  },
  explains: [
    {
      to: 'le-flapping',
      kind: 'causes',
      on: 'cluster',
      because: 'a lease whose renewal fails for 10 s is given up',
      covers: 'any',
      match: 'node',
      unproven: true,
    },
  ],
  fixes: ({ facts }, seen) => {
    const id = seen.topology.masters.find((master) => master.subject.name === facts['node'])?.subject.id ?? '';
    const run = [`kubectl ${shellWord(`--server=https://${id}`)} get --raw /metrics | grep -E '^apiserver_request_total.*code="5'`];
    return [{ do: 'See which resources and verbs fail', where: 'here', run, risk: 'none', needs: [], verify: [] }];
  },
  avoid: () => [],
  reading: ['https://kubernetes.io/docs/reference/instrumentation/metrics/'],
  errors: [
    'Internal error occurred',
    'the server is currently unable to handle the request',
    'Timeout: request did not complete within requested timeout',
  ],
});
