// Who is asked before anything in the API may change?
import * as z from 'zod';
import type { WebhookSeen } from '../../model/admission.ts';
import { defineProbe } from '../probe.ts';
import { caBundle, readBundle } from '../shared/bundle.ts';
import { calledService, readService } from '../shared/client-config.ts';
import { line, listOf, optionalLine } from '../shared/json.ts';
import { gatherList, readList, without } from '../shared/kubernetes.ts';
import { parseRaw } from '../shared/raw.ts';

const kinds = ['ValidatingWebhookConfiguration', 'MutatingWebhookConfiguration'] as const;
const resourceOf = {
  ValidatingWebhookConfiguration: 'validatingwebhookconfigurations',
  MutatingWebhookConfiguration: 'mutatingwebhookconfigurations',
} as const;
const group = 'admissionregistration.k8s.io';

const selector = z
  .object({
    matchLabels: z.record(z.string(), z.string()).nullish(),
    matchExpressions: listOf(z.object({ key: line, operator: line, values: listOf(line) })),
  })
  .nullish();
const webhook = z.object({
  name: line,
  failurePolicy: optionalLine,
  timeoutSeconds: z.number().nullish(),
  clientConfig: z.object({ url: optionalLine, caBundle: caBundle, service: calledService }).prefault({}),
  rules: listOf(z.object({ apiGroups: listOf(line), resources: listOf(line), operations: listOf(line) })),
  namespaceSelector: selector,
  objectSelector: selector,
  matchConditions: listOf(z.unknown()),
});
const configuration = z.object({ metadata: z.object({ name: line }), webhooks: listOf(webhook) });
const both = z.object({ lists: z.array(z.string()).length(kinds.length) });

export default defineProbe({
  id: 'kube.webhooks',
  title: 'admission webhooks',
  why: 'One that must be asked and does not answer stops whatever it covers, its own repair included.',
  reads: kinds.map((kind) => ({ verb: 'list', group, resource: resourceOf[kind] }) as const),
  after: [],
  timeoutMs: 9000,
  gather: async (_subject, around) => {
    const list = (kind: (typeof kinds)[number]) =>
      gatherList(`/apis/${group}/v1/${resourceOf[kind]}`, 'the admission webhooks', around, without('managedFields'));
    const gathered = await Promise.all(kinds.map(list));
    return { raw: JSON.stringify({ lists: gathered.map((one) => one.raw) }), source: gathered[0]?.source ?? '' };
  },
  read: (raw) => {
    const { lists } = parseRaw(raw, both);
    const seen = lists.flatMap((list, index) =>
      readList(list, configuration, 'a webhook configuration').flatMap(({ metadata, webhooks }) =>
        webhooks.map((one) => reduce(kinds[index] ?? kinds[0], metadata.name, one)),
      ),
    );
    return { webhooks: seen };
  },
});

/** The defaults of admissionregistration.k8s.io/v1: fail closed, within 10 s. */
function reduce(kind: WebhookSeen['kind'], name: string, one: z.output<typeof webhook>): WebhookSeen {
  const { url, service, caBundle: given } = one.clientConfig;
  const labels = Object.entries(one.namespaceSelector?.matchLabels ?? {}).map(([key, value]) => ({ key, operator: 'In', values: [value] }));
  return {
    kind,
    configuration: name,
    name: one.name,
    failClosed: one.failurePolicy !== 'Ignore',
    timeoutSeconds: one.timeoutSeconds ?? 10,
    ...readService(service),
    ...(url === '' ? {} : { host: hostOf(url) }),
    rules: one.rules.map(({ apiGroups, resources, operations }) => ({ groups: apiGroups, resources, operations })),
    namespaces: [...labels, ...(one.namespaceSelector?.matchExpressions ?? [])],
    narrowed: one.matchConditions.length > 0 || narrows(one.objectSelector),
    ...readBundle(given),
  };
}

function narrows(found: z.output<typeof selector>): boolean {
  return Object.keys(found?.matchLabels ?? {}).length + (found?.matchExpressions.length ?? 0) > 0;
}

function hostOf(url: string): string {
  try {
    return new URL(url).host;
  } catch {
    return url;
  }
}
