// Are aggregated APIs, webhooks and whoever stands behind them read as they are, few questions asked?
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clusterSubject } from '../../../../src/model/subject.ts';
import apiServices from '../../../../src/probes/kube/api-services.ts';
import backends from '../../../../src/probes/kube/service-backends.ts';
import webhooks from '../../../../src/probes/kube/webhooks.ts';
import type { Patient } from '../../sources/kit/patients.ts';
import { apiServer, type Said } from '../kit/api-server.ts';
import { answerOf, rawOf, surroundings } from '../kit/around.ts';
import { Authority, temporaryFolder } from '../kit/authority.ts';

const folder = temporaryFolder();
const patients: Patient[] = [];
let authority: Authority;
beforeAll(() => {
  authority = new Authority(folder.path);
});
afterAll(async () => {
  await Promise.all(patients.map((one) => one.close()));
  folder.remove();
});

async function around(answer: (path: string) => Said, values = {}) {
  const server = await apiServer(authority.issue(), answer);
  patients.push(server);
  return surroundings({ api: { server: `https://127.0.0.1:${server.port}`, authority: authority.own }, values });
}

const list = (kind: string, ...items: readonly unknown[]): string => JSON.stringify({ kind, metadata: {}, items });

test('APIServices: what the API server serves itself has no service; the condition with its time', () => {
  const condition = {
    type: 'Available',
    status: 'False',
    reason: 'MissingEndpoints',
    message: 'no\u001b[31m addresses',
    lastTransitionTime: '2026-11-21T03:00:00Z',
  };
  const remote = {
    metadata: { name: 'v1beta1.metrics.k8s.io' },
    spec: { service: { namespace: 'kube-system', name: 'metrics-server' } },
    status: { conditions: [condition] },
  };
  const body = list('APIServiceList', { metadata: { name: 'v1.apps' }, spec: {}, status: {} }, remote);
  expect(apiServices.read(rawOf(answerOf(body))).services).toEqual([
    { name: 'v1.apps', available: 'absent', reason: '', message: '' },
    {
      name: 'v1beta1.metrics.k8s.io',
      service: { namespace: 'kube-system', name: 'metrics-server', port: 443 },
      available: 'False',
      reason: 'MissingEndpoints',
      message: 'no addresses',
      since: Date.UTC(2026, 10, 21, 3),
    },
  ]);
});

test('APIServices as gathered: what is of no use is left out, the rest stays what it was', async () => {
  const item = { metadata: { name: 'v1.apps', managedFields: [{ manager: 'x' }] }, spec: {}, status: {} };
  const { raw } = await apiServices.gather(clusterSubject, await around(() => ({ status: 200, body: list('APIServiceList', item) })));
  expect(raw).not.toContain('managedFields');
  expect(apiServices.read(raw).services.map((one) => one.name)).toEqual(['v1.apps']);
});

describe('webhooks', () => {
  const hook = {
    name: 'guard.example.org',
    failurePolicy: 'Fail',
    timeoutSeconds: 5,
    clientConfig: { service: { namespace: 'policy', name: 'guard', port: 9443, path: '/check' }, caBundle: 'AAAA' },
    rules: [{ apiGroups: [''], apiVersions: ['v1'], resources: ['pods'], operations: ['CREATE'] }],
    namespaceSelector: { matchLabels: { policy: 'on' }, matchExpressions: [{ key: 'a', operator: 'Exists' }] },
  };
  const answer = (path: string): Said => ({
    status: 200,
    body: path.includes('/validating')
      ? list('ValidatingWebhookConfigurationList', { metadata: { name: 'policy' }, webhooks: [hook] })
      : list('MutatingWebhookConfigurationList', {
          metadata: { name: 'inject' },
          webhooks: [{ name: 'x', clientConfig: { url: 'https://u:p@h.example.org:8443/x' }, objectSelector: { matchLabels: { a: 'b' } } }],
        }),
  });

  test('of both kinds, with the defaults of the API, and no more of a URL than its host', async () => {
    const { raw } = await webhooks.gather(clusterSubject, await around(answer));
    expect(webhooks.read(raw).webhooks).toEqual([
      {
        kind: 'ValidatingWebhookConfiguration',
        configuration: 'policy',
        name: 'guard.example.org',
        bundle: { broken: 'it holds no certificate', certificates: [] },
        failClosed: true,
        timeoutSeconds: 5,
        service: { namespace: 'policy', name: 'guard', port: 9443, path: '/check' },
        rules: [{ groups: [''], resources: ['pods'], operations: ['CREATE'] }],
        namespaces: [
          { key: 'policy', operator: 'In', values: ['on'] },
          { key: 'a', operator: 'Exists', values: [] },
        ],
        narrowed: false,
      },
      {
        kind: 'MutatingWebhookConfiguration',
        configuration: 'inject',
        name: 'x',
        failClosed: true,
        timeoutSeconds: 10,
        host: 'h.example.org:8443',
        rules: [],
        namespaces: [],
        narrowed: true,
      },
    ]);
  });

  test('one list that may not be read is a gap', async () => {
    const half = (path: string): Said => (path.includes('/mutating') ? { status: 403, body: '{"message":"forbidden"}' } : answer(path));
    await expect(webhooks.gather(clusterSubject, await around(half))).rejects.toMatchObject({ gap: { gap: 'denied' } });
  });
});

describe('who stands behind a Service', () => {
  const named = (name: string, failClosed = true) => ({ failClosed, service: { namespace: 'n', name } });
  const slice = (...ready: readonly (boolean | undefined)[]) =>
    list('EndpointSliceList', {
      endpoints: ready.map((one) => ({ addresses: ['10.0.0.1'], conditions: one === undefined ? {} : { ready: one } })),
      ports: [],
    });

  test('each Service is asked for once; one that may not be seen is unknown', async () => {
    const paths: string[] = [];
    const answer = (path: string): Said => {
      paths.push(path);
      if (path.includes('secret')) return { status: 403, body: '{"message":"forbidden"}' };
      return { status: 200, body: path.includes('empty') ? list('EndpointSliceList') : slice(true, undefined, false) };
    };
    const values = {
      'kube.webhooks': { webhooks: [named('full'), named('empty'), named('secret'), named('open', false)] },
      'kube.api-services': { services: [named('full'), {}] },
    };
    const { raw } = await backends.gather(clusterSubject, await around(answer, values));
    expect(backends.read(raw).backends.map((one) => [one.name, one.ready])).toEqual([
      ['empty', 0],
      ['full', 2],
      ['secret', 'unknown'],
    ]);
    expect(paths.filter((path) => path.includes('full'))).toEqual([
      '/apis/discovery.k8s.io/v1/namespaces/n/endpointslices?labelSelector=kubernetes.io%2Fservice-name%3Dfull&limit=500',
    ]);
  });

  test('no more than two dozen are asked for, few at a time, and the rest is not known', async () => {
    // A slow connection may be tried a second time.
    const asked = new Set<string>();
    const answer = (path: string): Said => {
      asked.add(path);
      return { status: 200, body: slice(true) };
    };
    const values = { 'kube.webhooks': { webhooks: Array.from({ length: 60 }, (_, index) => named(`s${index}`)) } };
    const { raw } = await backends.gather(clusterSubject, await around(answer, values));
    expect(asked.size).toBe(24);
    expect(backends.read(raw).backends.filter((one) => one.ready === 'unknown')).toHaveLength(36);
  });

  test('where neither list is known, the reason is passed on', async () => {
    const gap = { gap: 'denied', detail: 'no', howToGet: 'ask' } as const;
    const blind = await surroundings({ gaps: { 'kube.webhooks': gap } });
    await expect(backends.gather(clusterSubject, blind)).rejects.toMatchObject({ gap });
  });
});
