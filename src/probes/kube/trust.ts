// Which authorities does the API publish: for pods, for clients, for its front proxy?
import * as z from 'zod';
import type { PublishedTrust } from '../../model/kubernetes.ts';
import { defineProbe } from '../probe.ts';
import { readAuthorities } from '../shared/bundle.ts';
import { parseJson, checkShape } from '../shared/json.ts';
import { gatherObject, readObject } from '../shared/kubernetes.ts';
import { parseRaw } from '../shared/raw.ts';
import { cleanLine } from '../shared/text.ts';

const folder = '/api/v1/namespaces/kube-system/configmaps';
const what = 'the published authorities';
const pem = z.string().max(1_000_000).nullish();
const root = z.object({ data: z.object({ 'ca.crt': pem }).nullish() });
const extension = z.object({
  data: z
    .object({ 'client-ca-file': pem, 'requestheader-client-ca-file': pem, 'requestheader-allowed-names': z.string().nullish() })
    .nullish(),
});
const both = z.object({ root: z.string(), extension: z.string() });

export default defineProbe({
  id: 'kube.trust',
  title: what,
  why: 'An authority that ends takes everything it signed with it; extension API servers believe only the front proxy’s.',
  reads: [{ verb: 'get', group: '', resource: 'configmaps', namespace: 'kube-system' }],
  after: [],
  timeoutMs: 9000,
  gather: async (_subject, around) => {
    const get = (name: string) => gatherObject(`${folder}/${name}`, `the ConfigMap ${name}`, around);
    const [pods, servers] = await Promise.all([get('kube-root-ca.crt'), get('extension-apiserver-authentication')]);
    return { raw: JSON.stringify({ root: pods.raw, extension: servers.raw }), source: servers.source };
  },
  read: (raw): PublishedTrust => {
    const found = parseRaw(raw, both);
    const pods = readObject(found.root, root, what).data;
    const servers = readObject(found.extension, extension, what).data;
    const names = servers?.['requestheader-allowed-names'];
    return {
      root: readAuthorities(pods?.['ca.crt'] ?? ''),
      client: readAuthorities(servers?.['client-ca-file'] ?? ''),
      frontProxy: readAuthorities(servers?.['requestheader-client-ca-file'] ?? ''),
      frontProxyNames: names ? checkShape(z.array(z.string()), parseJson(names, what), what).map((name) => cleanLine(name, 253)) : [],
    };
  },
});
