// Worlds in which certificates, keys, tokens or bundles are not as they should be.
import type { KubeconfigFile } from '../../src/model/here.ts';
import type { Try } from '../../src/model/network.ts';
import { authorityFile, day, file, iso, keyFile, kubeconfigFile, made, serves, withFiles } from './certificates.ts';
import { authorityOf, now } from './healthy.ts';
import { certificate, healthyWorld, type World } from './world.ts';

const ending = { notAfter: iso(now + 5 * day), notBefore: iso(now - 360 * day) };
const other = 'cd'.repeat(32);

/** The authority of the API servers, the one the cluster publishes among them, ends in so many days. */
function authorityEnds(days: number): World {
  const seen = [{ ...authorityOf('kubernetes'), notAfter: iso(now + days * day) }];
  const world = healthyWorld().set('kube.trust', undefined, (old) => ({ ...old, root: [], client: [] }));
  for (const node of ['m1', 'm2', 'm3']) world.set('api.ready', node, (old) => ({ ...old, authorities: seen }));
  return world;
}

/** What the API servers show is refused by the authority that the operator's kubeconfig holds. */
function ownAuthorityIsAnother(): World {
  const held = { ...authorityOf('kubernetes'), keyId: '77aa' };
  const refused = (one: Try): Try => ({ ...one, trust: { kind: 'untrusted', why: 'unknown-authority', detail: 'unknown issuer' } });
  const world = healthyWorld().set('lb.tries', undefined, ({ tries }) => ({ tries: tries.map(refused) }));
  for (const node of ['m1', 'm2', 'm3']) world.set('api.ready', node, ({ tries }) => ({ tries: tries.map(refused), authorities: [held] }));
  return world;
}

function kubeconfigIs(change: Partial<KubeconfigFile>): World {
  return withFiles({ certificates: [authorityFile('ca', 'good')], kubeconfigs: [kubeconfigFile('controller-manager', change)] });
}

/** Each built afresh; none is healthy. */
export const certificateWorlds: Readonly<Record<string, () => World>> = {
  'an authority ends soon': () => authorityEnds(20),
  'the kubeconfig holds another authority than all API servers show': ownAuthorityIsAnother,
  'a served leaf of another authority with the same name': () =>
    serves('m3', { authorityKeyId: 'bb02bb02' }, healthyWorld(), {
      kind: 'untrusted',
      why: 'unknown-authority',
      detail: 'signed by “CN=kubernetes”',
    }),
  'a served leaf ends soon': () => serves('m2', ending),
  'a served leaf is of tomorrow': () =>
    serves('m1', { notBefore: iso(now + day) }, healthyWorld(), { kind: 'untrusted', why: 'not-yet-valid', detail: '' }),
  'a served leaf misses the names of pods and of the balancer': () => serves('m2', { names: ['m2'], addresses: ['10.89.0.12'] }),
  'a served leaf is weak': () => serves('m2', { ...made, key: { type: 'RSA', bits: 1024 } }),
  'a certificate and its key do not belong together': () =>
    withFiles({ certificates: [file('apiserver')], keys: [keyFile('apiserver', { publicKey: other })] }),
  'a login in a kubeconfig has ended': () => kubeconfigIs({ client: certificate('m2', { notAfter: iso(now - day) }) }),
  'a renewed certificate is not in use': () =>
    withFiles({ certificates: [file('apiserver', { sha256: 'e'.repeat(64), notAfter: iso(now + 364 * day) })] }),
  'a login of a kubelet names another machine': () =>
    withFiles({
      certificates: [file('kubelet-client', { ...made, subject: 'O=system:nodes, CN=system:node:m9', usages: ['client'] })],
    }),
  'the front proxy’s client is signed by somebody else': () =>
    withFiles({
      certificates: [
        authorityFile('front-proxy-ca', 'x'),
        file('front-proxy-client', { subject: 'CN=front-proxy-client' }, { signedBy: ['f'.repeat(64)] }),
      ],
    }),
  'a master signs tokens with a key of its own': () => healthyWorld().set('api.token-keys', 'm3', { keys: ['key-9'] }),
  'a request for a certificate waits': () =>
    healthyWorld().set('kube.signing-requests', undefined, (old) => ({
      ...old,
      requests: [
        {
          name: 'm2',
          signer: 'kubernetes.io/kubelet-serving',
          requester: 'system:node:m2',
          state: 'pending',
          createdAt: now - 1_200_000,
          message: '',
        },
      ],
    })),
  'an authority in the configuration of a webhook has ended': () =>
    healthyWorld().set('kube.conversions', undefined, {
      conversions: [{ name: 'm2', bundle: { certificates: [{ ...authorityOf('kubernetes'), notAfter: iso(now - day) }] } }],
    }),
  'nobody keeps the clock of a master': () =>
    healthyWorld().set('here.time', undefined, { node: 'm2', kernelSynchronised: false, serviceOn: false }),
};
