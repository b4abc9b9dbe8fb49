// Are requests for certificates, published authorities, bundles and token keys read as they are, and only what is wanted?
import { spawnSync } from 'node:child_process';
import { afterAll, describe, expect, test } from 'vitest';
import { clusterSubject } from '../../../../src/model/subject.ts';
import tokenKeys from '../../../../src/probes/api/token-keys.ts';
import apiServices from '../../../../src/probes/kube/api-services.ts';
import conversions from '../../../../src/probes/kube/conversions.ts';
import requests from '../../../../src/probes/kube/signing-requests.ts';
import trust from '../../../../src/probes/kube/trust.ts';
import webhooks from '../../../../src/probes/kube/webhooks.ts';
import controller from '../../../../src/probes/node/controller-port.ts';
import type { Patient } from '../../sources/kit/patients.ts';
import { apiServer, type Said } from '../kit/api-server.ts';
import { answerOf, masterAt, rawOf, surroundings } from '../kit/around.ts';
import { Authority, temporaryFolder } from '../kit/authority.ts';

const folder = temporaryFolder();
const patients: Patient[] = [];
const authority = new Authority(folder.path);
const base64 = (text: string): string => Buffer.from(text).toString('base64');
afterAll(async () => {
  await Promise.all(patients.map((one) => one.close()));
  folder.remove();
});

async function around(answer: (path: string) => Said, deep = false) {
  const server = await apiServer(authority.issue(), answer);
  patients.push(server);
  const api = { server: `https://127.0.0.1:${server.port}`, authority: authority.own, client: authority.issue() };
  return surroundings({ api, settings: { deep }, topology: { masters: [masterAt('127.0.0.1', server.port)] } });
}

const list = (kind: string, metadata: object, ...items: readonly unknown[]): string => JSON.stringify({ kind, metadata, items });

test('requests for certificates: five states, and not what was asked for', async () => {
  const of = (name: string, status: object) => ({
    metadata: { name, creationTimestamp: '2026-11-21T03:00:00Z' },
    spec: { signerName: 'kubernetes.io/kubelet-serving', username: 'system:node:m1', request: 'SECRETLESS-BUT-LONG' },
    status,
  });
  const approved = { type: 'Approved', status: 'True', lastUpdateTime: '2026-11-21T03:01:00Z' };
  const body = list(
    'CertificateSigningRequestList',
    {},
    of('a', {}),
    of('b', { conditions: [approved] }),
    of('c', { conditions: [approved], certificate: 'LS0t' }),
    of('d', { conditions: [{ type: 'Denied', message: 'no\u001b[31m' }] }),
    of('e', { conditions: [approved, { type: 'Failed' }] }),
  );
  const { raw } = await requests.gather(clusterSubject, await around(() => ({ status: 200, body })));
  expect(raw).not.toContain('SECRETLESS');
  const found = requests.read(raw).requests;
  expect(found.map(({ state }) => state)).toEqual(['pending', 'approved', 'issued', 'denied', 'failed']);
  expect(found[1]).toMatchObject({ createdAt: Date.UTC(2026, 10, 21, 3), decidedAt: Date.UTC(2026, 10, 21, 3, 1) });
  expect(found[3]?.message).toBe('no');
});

/** `spec.request` of a kubelet on this node. */
function requestOf(node: string): string {
  const key = ['-newkey', 'rsa:2048', '-nodes', '-keyout', '/dev/null'];
  const names = ['-subj', `/O=system:nodes/CN=system:node:${node}`, '-addext', `subjectAltName=DNS:${node}`];
  const { status, stdout } = spawnSync('openssl', ['req', '-new', ...key, ...names], { encoding: 'utf8' });
  expect(status).toBe(0);
  return base64(stdout);
}

test('of a request that waits only what it asks for is kept', async () => {
  const request = requestOf('m1');
  const of = (name: string, signerName: string, conditions: readonly object[]) => ({
    metadata: { name },
    spec: { signerName, username: 'system:node:m1', request },
    status: { conditions },
  });
  const body = list(
    'CertificateSigningRequestList',
    {},
    of('waits', 'kubernetes.io/kubelet-serving', []),
    of('decided', 'kubernetes.io/kubelet-serving', [{ type: 'Approved' }]),
    of('of others', 'example.org/theirs', []),
  );
  const { raw } = await requests.gather(clusterSubject, await around(() => ({ status: 200, body })));
  expect(raw).not.toContain(request.slice(40, 80));
  const found = requests.read(raw).requests;
  expect(found.map(({ asks }) => asks)).toEqual([
    expect.objectContaining({ names: ['m1'], organisations: ['system:nodes'] }),
    undefined,
    undefined,
  ]);
});

test('machines that join with one token are told apart by what they ask for, also where that was decided', async () => {
  const of = (node: string, status: object) => ({
    metadata: { name: node },
    spec: {
      signerName: 'kubernetes.io/kube-apiserver-client-kubelet',
      username: 'system:bootstrap:abcdef',
      request: requestOf(node),
    },
    status,
  });
  const issued = of('w9', { conditions: [{ type: 'Approved' }], certificate: 'LS0t' });
  const askedIn = async (...items: readonly object[]) => {
    const body = list('CertificateSigningRequestList', {}, ...items);
    const { raw } = await requests.gather(clusterSubject, await around(() => ({ status: 200, body })));
    return requests.read(raw).requests.map(({ asks }) => (asks === undefined || 'broken' in asks ? asks : asks.commonNames));
  };
  expect(await askedIn(of('w8', {}), issued)).toEqual([['system:node:w8'], ['system:node:w9']]);
  expect(await askedIn(issued)).toEqual([undefined]);
});

test('published authorities, from two ConfigMaps', async () => {
  const { certificate } = authority.own;
  const answer = (path: string): Said => {
    const data = path.endsWith('kube-root-ca.crt')
      ? { 'ca.crt': certificate }
      : {
          'client-ca-file': certificate,
          'requestheader-client-ca-file': certificate,
          'requestheader-allowed-names': '["front-proxy-client"]',
        };
    return { status: 200, body: JSON.stringify({ kind: 'ConfigMap', data }) };
  };
  const seen = trust.read((await trust.gather(clusterSubject, await around(answer))).raw);
  expect([seen.root, seen.client, seen.frontProxy].map((all) => all.map(({ isAuthority }) => isAuthority))).toEqual([
    [true],
    [true],
    [true],
  ]);
  expect(seen.frontProxyNames).toEqual(['front-proxy-client']);
});

test('of published authorities the readable ones count; where none is, the evidence is broken', () => {
  const garbage = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
  const rawWith = (root: string): string => {
    const of = (data: object): string => rawOf(answerOf(JSON.stringify({ kind: 'ConfigMap', data })));
    return JSON.stringify({ root: of({ 'ca.crt': root }), extension: of({}) });
  };
  expect(trust.read(rawWith(garbage + authority.own.certificate)).root.map(({ subject }) => subject)).toEqual(['CN=kubernetes']);
  expect(() => trust.read(rawWith(garbage))).toThrow('not a certificate');
});

describe('bundles', () => {
  const good = base64(authority.own.certificate);
  const bundleIn = (caBundle: string | undefined) => {
    const item = { metadata: { name: 'v1.x' }, spec: { service: { namespace: 'a', name: 'b' }, caBundle }, status: {} };
    return apiServices.read(rawOf(answerOf(list('APIServiceList', {}, item)))).services[0]?.bundle;
  };

  test('read, absent, or broken in one sentence', () => {
    expect(bundleIn(good)?.certificates[0]?.subject).toBe('CN=kubernetes');
    expect(bundleIn(undefined)).toBeUndefined();
    expect(bundleIn('')).toBeUndefined();
    expect(bundleIn(base64('hello'))).toEqual({ certificates: [], broken: 'it holds no certificate' });
    const garbage = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----';
    expect(bundleIn(base64(garbage))).toEqual({ certificates: [], broken: 'the bytes are not a certificate' });
  });

  test.each([
    ['before', (garbage: string, whole: string) => garbage + whole],
    ['after', (garbage: string, whole: string) => whole + garbage],
  ])('what cannot be read %s a good one is passed over, as API servers do', (_where, join) => {
    const garbage = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
    const bundle = bundleIn(base64(join(garbage, authority.own.certificate)));
    expect(bundle?.certificates.map(({ subject }) => subject)).toEqual(['CN=kubernetes']);
    expect(bundle?.broken).toBeUndefined();
  });

  test('of webhooks too', () => {
    const configuration = { metadata: { name: 'policy' }, webhooks: [{ name: 'x', clientConfig: { caBundle: good } }] };
    const empty = list('ValidatingWebhookConfigurationList', {}, configuration);
    const raw = JSON.stringify({ lists: [rawOf(answerOf(empty)), rawOf(answerOf(list('MutatingWebhookConfigurationList', {})))] });
    expect(webhooks.read(raw).webhooks[0]?.bundle?.certificates).toHaveLength(1);
  });

  test('definitions that a webhook translates, without their schemas; too many are left for --deep', async () => {
    const conversion = { strategy: 'Webhook', webhook: { clientConfig: { caBundle: good, service: { namespace: 'a', name: 'b' } } } };
    const item = { metadata: { name: 'things.x.io' }, spec: { conversion, names: { kind: 'Thing' }, versions: ['LONG SCHEMA'] } };
    const plain = { metadata: { name: 'plain.x.io' }, spec: { conversion: { strategy: 'None' } } };
    const body = list('CustomResourceDefinitionList', {}, item, plain);
    const { raw } = await conversions.gather(clusterSubject, await around(() => ({ status: 200, body })));
    expect(raw).not.toContain('SCHEMA');
    expect(conversions.read(raw).conversions).toMatchObject([
      { name: 'things.x.io', objects: 'Thing', service: { name: 'b', port: 443 }, bundle: { certificates: [{}] } },
    ]);
    const many = list('CustomResourceDefinitionList', { remainingItemCount: 300, continue: 'x' }, item);
    const gap = { gap: { gap: 'not-collected', howToGet: '--deep' } };
    await expect(conversions.gather(clusterSubject, await around(() => ({ status: 200, body: many })))).rejects.toMatchObject(gap);
    const paged = (path: string): Said => ({ status: 200, body: path.includes('continue=') ? body : many });
    expect(conversions.read((await conversions.gather(clusterSubject, await around(paged, true))).raw).conversions).toHaveLength(2);
  });
});

test('the keys of one API server, by its own address; a refusal is a gap', async () => {
  const jwks = JSON.stringify({ keys: [{ kid: 'b' }, { kid: 'a' }, { kid: 'b' }] });
  const open = await around(() => ({ status: 200, body: jwks }));
  const [master] = open.topology.masters;
  if (master === undefined) throw new Error('no master');
  expect(tokenKeys.read((await tokenKeys.gather(master.subject, open)).raw)).toEqual({ keys: ['a', 'b'] });
  const closed = await around(() => ({ status: 403, body: '{"message":"forbidden"}' }));
  const [other] = closed.topology.masters;
  if (other === undefined) throw new Error('no master');
  await expect(tokenKeys.gather(other.subject, closed)).rejects.toMatchObject({ gap: { gap: 'denied' } });
});

test('a controller that listens on the loopback alone refuses, and that is no fault', async () => {
  const subject = { kind: 'node', id: 'm1', name: 'm1', keys: { node: 'm1' } } as const;
  const machines = [{ subject, host: '127.0.0.1', controlPlane: true }];
  const { raw } = await controller.gather(subject, await surroundings({ topology: { machines } }));
  expect(controller.read(raw)).toMatchObject({ outcome: { kind: 'failed', why: 'refused' }, chain: [] });
});
