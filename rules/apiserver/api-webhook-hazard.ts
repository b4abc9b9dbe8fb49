// Can an admission webhook stop the control plane, and does one do so now?
import { defineRule, fail, undecided } from '../../src/judge/define-rule.ts';
import { shellWord } from '../../src/judge/shell-word.ts';
import { readyBackends } from '../../src/judge/readings/called-service.ts';
import { type LeaseLists, standStill } from '../../src/judge/readings/lease-writes.ts';
import { unansweredNow } from '../../src/judge/readings/webhook-calls.ts';
import { controlPlaneScope } from '../../src/judge/readings/webhook-scope.ts';
import type { WebhookSeen } from '../../src/model/admission.ts';
import type { Seen } from '../../src/model/rule.ts';
import { say, type Sentence } from '../../src/model/sentence.ts';
import type { Subject } from '../../src/model/subject.ts';

export default defineRule({
  id: 'api-webhook-hazard',
  area: 'apiserver',
  since: '0.2.0',
  severity: 'critical',
  impact: 'degraded',
  layer: 3,
  title: 'the webhook {webhook} {words}',
  healthy: 'no webhook can stop the control plane',
  why: 'What it covers ({covered}) cannot be changed while it does not answer: neither by controllers nor, where it covers Pods, by its own repair.',
  shows: ['{configuration}  {webhook}', '  covers {covered}, policy Fail, waits {timeout} s', '  {backend}'],
  folded: '{webhook} {words}',
  needs: ['kube.webhooks', 'kube.service-backends', 'kube.leases', 'kube.node-leases', 'api.metrics'],
  limits: {
    unanswered: { value: 3, unit: 'calls, and none that was answered', source: 'own choice: one or two may have met a restart' },
    timeout: { value: 10, unit: 's', source: 'the default of admissionregistration.k8s.io/v1, as long as a lease may take to be renewed' },
    still: {
      value: 40,
      unit: 's without a renewal of any lease it covers',
      source: 'https://kubernetes.io/docs/reference/node/node-status/ (a node lease lasts 40 s, others less)',
    },
  },
  reasons: ['no-backend', 'no-answer', 'posture'],
  subjects: (seen) =>
    seen
      .get('kube.webhooks')
      .webhooks.filter((one) => one.failClosed && controlPlaneScope(one).length > 0)
      .map((one) => {
        const object = `${one.kind}/${one.configuration}/${one.name}`;
        // A configuration belongs to no namespace, and what it stops stops everywhere.
        return { kind: 'cluster', id: object, name: one.name, keys: { object } } satisfies Subject;
      }),
  judge: (seen, limits, subject) => {
    const webhook = find(seen, subject);
    if (webhook === undefined) return undecided(`${subject.name} is no longer configured`, 'kubectl get validatingwebhookconfigurations');
    const covered = controlPlaneScope(webhook).join(', ');
    const base = {
      webhook: webhook.name,
      configuration: `${webhook.kind} ${webhook.configuration}`,
      covered,
      timeout: webhook.timeoutSeconds,
    };
    const isStill = standsStill(seen, webhook, limits.still * 1000);
    const silent = say('must be asked before any change of {covered}, and no lease that it covers has been renewed for {seconds} s', {
      covered,
      seconds: limits.still,
    });
    const stopped = { reason: 'no-answer', group: webhook.configuration, witness: 'agreed' } as const;
    if (webhook.service === undefined && isStill) {
      const service = webhook.host ?? '';
      return fail({ ...base, service, words: silent, backend: say('it is called at {service}', { service }) }, stopped);
    }
    if (webhook.service === undefined)
      return undecided(
        `${webhook.name} is called at ${webhook.host ?? 'a URL'}, which was not tried`,
        `curl -sk ${shellWord(`https://${webhook.host ?? ''}`)}   # from a master`,
      );
    const service = `${webhook.service.namespace}/${webhook.service.name}`;
    const ready = readyBackends(seen, webhook.service);
    const facts = { ...base, service };
    if (ready === 'unknown') {
      const [namespace, name] = [webhook.service.namespace, webhook.service.name];
      const command = `kubectl -n ${shellWord(namespace)} get endpointslices -l ${shellWord(`kubernetes.io/service-name=${name}`)}`;
      return undecided(`who stands behind ${service} is not known`, command);
    }
    if (ready === 0) {
      const words = webhook.narrowed
        ? say('must be asked about some changes, and nobody stands behind it')
        : say('must be asked before any change of {covered}, and nobody stands behind it', { covered });
      return fail(
        { ...facts, words, backend: say('{service} has no ready address', { service }) },
        { reason: 'no-backend', group: webhook.configuration, witness: 'agreed' },
      );
    }
    if (isStill)
      return fail({ ...facts, words: silent, backend: say('{service} has {ready} ready addresses', { service, ready }) }, stopped);
    const failed = unansweredNow(seen, webhook);
    if (failed >= limits.unanswered) {
      const words = say('must be asked before any change of {covered}, and {failed} of {failed} calls just failed', { covered, failed });
      return fail({ ...facts, words, backend: say('{service} has {ready} ready addresses', { service, ready }) }, stopped);
    }
    const slow = webhook.timeoutSeconds > limits.timeout;
    const words: Sentence = slow
      ? say('can stop the control plane, and may be waited for longer than a lease lasts')
      : say('can stop the control plane when nobody stands behind it');
    const backend = say('{service} has {ready} ready addresses', { service, ready });
    // Common policy engines look like this on purpose; only where leases wait for it does it need somebody's eye now.
    const severity = covered.includes('leases') && !webhook.narrowed ? 'warning' : 'info';
    return fail(
      { ...facts, words, backend },
      { reason: 'posture', group: webhook.configuration, severity, impact: 'at-risk', witness: 'stated' },
    );
  },
  explains: [
    {
      to: 'le-lease-expired',
      kind: 'causes',
      on: 'cluster',
      because: 'no lease can be renewed through a webhook that does not answer',
      when: ({ cause }) => stops(cause, 'leases'),
    },
    {
      to: 'ha-node-notready',
      kind: 'causes',
      on: 'cluster',
      because: 'no heartbeat can be written through a webhook that does not answer',
      when: ({ cause }) => (stops(cause, 'node leases') === 'yes' ? 'yes' : stops(cause, 'nodes')),
    },
    {
      to: 'api-latency-p99',
      kind: 'causes',
      on: 'cluster',
      because: 'each change it covers waits for it first',
      produces: ['webhooks-or-queue'],
      when: ({ cause }) => (cause.reason === 'posture' ? 'unknown' : 'yes'),
      unproven: true,
    },
    {
      to: 'api-identity-lease',
      kind: 'causes',
      on: 'cluster',
      because: 'no lease can be renewed through a webhook that does not answer',
      produces: ['expired'],
      when: ({ cause }) => stops(cause, 'leases'),
    },
    {
      to: 'api-5xx-ratio',
      kind: 'causes',
      on: 'cluster',
      because: 'changes it covers are answered 500',
      produces: ['errors'],
      when: ({ cause }) => (cause.reason === 'posture' ? 'no' : 'yes'),
      unproven: true,
    },
  ],
  fixes: ({ facts, verdicts }) => {
    const [kind = '', name = ''] = String(facts['configuration']).split(' ');
    const address = String(facts['service'] ?? '/');
    const [namespace = '', service = ''] = address.split('/');
    const copy = shellWord(`${name}.yaml`);
    const look = {
      do: 'See who should answer, and why nobody does',
      where: 'here',
      run: [
        address.includes('/')
          ? `kubectl -n ${shellWord(namespace)} get service,endpointslices,pods -o wide`
          : `curl -sk -m 5 ${shellWord(`https://${address}`)}   # from a master`,
        `kubectl get ${shellWord(kind.toLowerCase())} ${shellWord(name)} -o yaml`,
      ],
      risk: 'none' as const,
      needs: [],
      verify: [],
    };
    if (verdicts.every((verdict) => verdict.reason === 'posture')) return [look];
    return [
      look,
      {
        do: say(
          'If {service} does not come back at once: keep a copy, take the configuration away, bring the service back, apply the copy again',
          { service: service === '' ? address : service },
        ),
        where: 'here',
        run: [
          `kubectl get ${shellWord(kind.toLowerCase())} ${shellWord(name)} -o yaml > ${copy}`,
          `kubectl delete ${shellWord(kind.toLowerCase())} ${shellWord(name)}`,
        ],
        risk: 'medium',
        needs: [{ text: 'whoever owns the policy agrees that nothing is checked meanwhile', met: 'unknown' }],
        verify: ['kubectl -n kube-system get leases   # renewed again'],
        undo: [`kubectl apply -f ${copy}`],
      },
    ];
  },
  avoid: () => ['restart the control plane: it starts, and waits for the same webhook again'],
  reading: ['https://kubernetes.io/docs/concepts/cluster-administration/admission-webhooks-good-practices/'],
  errors: ['failed calling webhook', 'no endpoints available for service', 'Internal error occurred: failed calling webhook'],
});

function find(seen: Seen<'kube.webhooks'>, subject: Subject): WebhookSeen | undefined {
  return seen.get('kube.webhooks').webhooks.find((one) => `${one.kind}/${one.configuration}/${one.name}` === subject.id);
}

/** Whether nothing it covers was written lately; undefined where it covers no lease, or something else narrows it. */
function standsStill(seen: Seen<LeaseLists>, webhook: WebhookSeen, milliseconds: number): boolean | undefined {
  const covered = webhook.narrowed ? [] : controlPlaneScope(webhook);
  const lists: readonly (readonly [string, LeaseLists])[] = [
    ['leases', 'kube.leases'],
    ['node leases', 'kube.node-leases'],
  ];
  return standStill(
    seen,
    lists.flatMap(([name, id]) => (covered.includes(name) ? [id] : [])),
    milliseconds,
  );
}

function stops(cause: { readonly reason?: string; readonly facts: Readonly<Record<string, unknown>> }, what: string): 'yes' | 'no' {
  return cause.reason !== 'posture' && String(cause.facts['covered']).split(', ').includes(what) ? 'yes' : 'no';
}
