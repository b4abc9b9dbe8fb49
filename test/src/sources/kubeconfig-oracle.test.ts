// Does the Kubernetes project's own client understand the same kubeconfigs in the same way?
import type https from 'node:https';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { chooseCluster } from '../../../src/sources/kubeconfig.ts';
import { Connections } from '../../../src/sources/connections.ts';
import { Operator } from '../../../src/sources/operator.ts';
import { kubeconfigText, scratch } from './kit/api.ts';
import { type Pair, rsaAuthority, rsaCertificate } from './kit/pki.ts';

let authority: Pair;
let client: Pair;
const clean: (() => void)[] = [];
const encode = (text: string): string => Buffer.from(text).toString('base64');

beforeAll(() => {
  authority = rsaAuthority('kubernetes');
  client = rsaCertificate({ name: 'admin' }, authority);
});
afterEach(() => {
  for (const undo of clean.splice(0)) undo();
});

const plugin = `#!/bin/sh\necho '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"plugged"}}'\n`;
const users: Readonly<Record<string, () => object>> = {
  'a certificate': () => ({ 'client-certificate-data': encode(client.certificate), 'client-key-data': encode(client.key) }),
  'certificate files': () => ({ 'client-certificate': 'client.crt', 'client-key': 'client.key' }),
  'a token': () => ({ token: 'a-token' }),
  'a plugin': () => ({ exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'PLUGIN', env: [{ name: 'A', value: 'b' }] } }),
  'an impersonation': () => ({ token: 'a-token', as: 'eve' }),
  'nothing at all': () => ({}),
};

test.each(Object.keys(users))('with %s', async (name) => {
  const files = { 'client.crt': client.certificate, 'client.key': client.key, 'plugin.sh': plugin };
  const { folder, remove } = scratch(files);
  const text = kubeconfigText({
    server: 'https://lb.example:6443/base',
    authority: authority.certificate,
    cluster: { 'tls-server-name': 'kubernetes' },
    user: users[name]?.() as Record<string, unknown>,
  }).replace('PLUGIN', join(folder, 'plugin.sh'));
  const written = scratch({ ...files, config: text });
  clean.push(remove, written.remove);
  const config = join(written.folder, 'config');

  const theirs = new KubeConfig();
  theirs.loadFromFile(config);
  const options: https.RequestOptions = {};
  await theirs.applyToHTTPSOptions(options);

  const chosen = chooseCluster({ kubeconfig: config }, {});
  const operator = new Operator(chosen, new Connections());
  const ready = await operator.ready(new AbortController().signal);

  expect(`${chosen.cluster.url.origin}${chosen.cluster.basePath}`).toBe(theirs.getCurrentCluster()?.server);
  expect(chosen.cluster.tlsServerName).toBe(options.servername);
  expect(chosen.cluster.anchors.join('').trim()).toBe(String(options.ca).trim());
  expect(chosen.user.client?.certificate).toBe(options.cert === undefined ? undefined : String(options.cert));
  expect(chosen.user.client?.key).toBe(options.key === undefined ? undefined : String(options.key));
  expect({ ...ready.headers }).toEqual({ ...options.headers });
  operator.close();
});
